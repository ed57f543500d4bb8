"""Postal codes of Finland (five digits) and Denmark (four).

A number of five digits is more often an order's. It is a postal code where it is called one, or where a place follows:
a known one in whatever case, any other with a capital where the text speaks of an address.
"""

from __future__ import annotations

import re

from bot.nlu.found import Found, head

__all__ = ["find_postal_codes"]

_NOUN = r"(?:postinumero|postinro|postnummer|postnr|postcode|postal code|zip(?: ?code)?)"
_SMALL = r"(?:on|oli|nyt|uusi|er|var|nu|is|was|now|to|til|skal|være|should|be|pitäisi|olla)"
_CODE = r"(?:(?:FI|DK)-)?(?P<code>\d{5}|\d{4})(?![\w/-]|[.,]\d)"
_TOLD = re.compile(
    rf"(?<![^\W\d_]){_NOUN}\w*\W{{1,3}}(?:{_SMALL}\W{{1,3}}){{0,3}}{_CODE}"
    rf"|(?<![\w.,/+-])(?P<ahead>\d{{5}}|\d{{4}})\s(?:on|er|is)\s(?:(?:mun|minun|meidän|min|mit|vores|my|our)\s)?{_NOUN}"
    r"|(?<!\w)(?:FI-(?P<finnish>\d{5})|DK-(?P<danish>\d{4}))(?![\w-])",
    re.IGNORECASE,
)
_BEFORE_PLACE = re.compile(r"(?<![\w.,/+-])(?P<code>\d{5}|\d{4})\s+(?P<place>[^\W\d_]{3,})")
_FINNISH = re.compile(
    "(?:helsin|espoo|tamper|vantaa|oulu|turku|turu|jyväskyl|kuopio|lahti|lahde|lahte|pori|kouvola|joensuu|lappeenran|"
    "hämeenlinna|vaasa|seinäjo|rovaniem|mikkel|kotka|salo|porvoo|kokkola|hyvinkää|lohja|järvenpää|rauma|kirkkonumm|"
    "tuusula|kajaani|kerava|nokia|ylöjärv|kaarina|kangasala|savonlinna|riihimä|vihti|vihdi|imatra|sastamala|raahe|"
    "raisio|hollola|lempäälä|sipoo|tornio|pietarsaar|iisalm|kurikka|kemi|siilinjärv|valkeakos|mäntsälä|varkau|kuusamo|"
    "hamina|äänekos|laukaa|uusikaup|forssa|loimaa|kauniai|raasepor|parai|kauhava|nurmijärv|naantal|orimattila|heinola|"
    "pieksämä|lieto|ilmajok|lapua|kempele|ylivieska|kankaanpää|huittis|nivala|lieksa|kuhmo|sodankylä|kittilä|inari|"
    "maarianhamin|helsingfors|esbo|vanda|åbo|tammerfors|uleåborg|borgå|jakobstad|karleby|mariehamn)"
    "[^\\W\\d_]{0,6}"
)
"""Larger towns with their endings ("33100 Tampereella"), in lower case."""
_DANISH = re.compile(
    "københavn|kbh|copenhagen|frederiksberg|aarhus|århus|odense|aalborg|ålborg|esbjerg|randers|kolding|horsens|vejle|"
    "roskilde|herning|hørsholm|helsingør|silkeborg|næstved|fredericia|viborg|køge|holstebro|taastrup|tåstrup|slagelse|"
    "hillerød|sønderborg|svendborg|hjørring|holbæk|frederikshavn|haderslev|skive|ringsted|ølstykke|nykøbing|nyborg|"
    "aabenraa|åbenrå|kalundborg|ballerup|hvidovre|rødovre|glostrup|gentofte|hellerup|lyngby|kongens|herlev|søborg|"
    "brøndby|ishøj|greve|albertslund|valby|vanløse|brønshøj|kastrup|dragør|birkerød|allerød|farum|værløse|"
    "charlottenlund|klampenborg|virum|holte|nærum|fredensborg|humlebæk|frederikssund|frederiksværk|solrød|korsør|sorø|"
    "vordingborg|nakskov|maribo|rønne|middelfart|assens|faaborg|ringkøbing|skjern|ikast|brande|grindsted|billund|varde|"
    "ribe|tønder|skanderborg|odder|ebeltoft|grenaa|hadsten|hobro|nørresundby|brønderslev|skagen|thisted|lemvig|struer|"
    "risskov|viby|højbjerg|åbyhøj|brabrand|tilst|lystrup|hinnerup|galten|gilleleje|helsinge|haslev|faxe"
)
_ADDRESS = re.compile(
    r"\w(?:tie|katu|kuja|polku|ranta|rinne|väylä|kaari|raitti|aukio|vej|gade|allé|stræde|vænget|parken|plads)\w{0,4}\s\d"
    r"|(?<!\w)(?:osoit|adress|address|asun|asuu|asumme|muut(?:an|in|imme|amme|to)|bor(?!d)|bopæl|flyt|postboks|po box"
    r"|liv(?:e|ing)\b|mov(?:e|ed|ing)\b)",
    re.IGNORECASE,
)
_ROW_OF_DIGITS = re.compile(r"\d[\d ]{3,}$")
_YEAR = re.compile(r"20(?:0[1-9]|[1-9]\d)")
"""No Danish place has one of these."""


def find_postal_codes(text: str) -> list[Found]:
    """The postal codes of Finland and Denmark."""
    told = [
        Found(*match.span(), match["code"] or match["ahead"] or match["finnish"] or match["danish"])
        for match in _TOLD.finditer(text)
    ]
    placed = [
        Found(*match.span("code"), match["code"])
        for match in _BEFORE_PLACE.finditer(text)
        if _is_placed(text, match["code"], match["place"], match.start())
    ]
    return told or placed


def _is_placed(text: str, code: str, place: str, start: int) -> bool:
    near = head(text, start)
    if len(code) == 4 and (_YEAR.fullmatch(code) or _ROW_OF_DIGITS.search(near)):
        return False
    if (_FINNISH if len(code) == 5 else _DANISH).fullmatch(place.lower()):
        return True
    zero = len(code) == 5 and code[0] == "0"  # no order has such a number
    return place[0].isupper() and (zero or _ADDRESS.search(near) is not None)
