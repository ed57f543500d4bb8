/** The words of the fake hub's bot: enough for a story in each language. */

export const SYSTEM = {
  fi: {
    notice: 'Juttelet Havun botin kanssa. Se vastaa heti, ja ihmisen saat mukaan milloin vain.',
    queued: 'Olet jonossa. Asiakaspalvelija tulee tähän chattiin ja näkee kaiken, mitä kirjoitit.',
    uncalled: 'Soittopyyntösi on peruttu.',
    cancelled: 'Poistuit jonosta. Botti auttaa taas.',
    assigned: '{name} liittyi keskusteluun. Nyt sinulle vastaa ihminen.',
    returned_to_bot: 'Botti vastaa taas. Kysy mitä vain, tai pyydä ihminen mukaan.',
    resolved: 'Keskustelu on päättynyt. Kun kirjoitat, se avautuu uudelleen.',
    phone: 'Soitamme sinulle valitsemanasi aikana. Tämä keskustelu pysyy tallessa.',
    email: 'Vastaamme sähköpostiisi. Tämä keskustelu pysyy tallessa.',
  },
  da: {
    notice: 'Du skriver med Havus bot. Den svarer med det samme, og du kan altid få et menneske.',
    queued: 'Du er i køen. En medarbejder kommer her i chatten og kan se alt, hvad du har skrevet.',
    uncalled: 'Du bliver ikke ringet op alligevel.',
    cancelled: 'Du er ude af køen. Botten hjælper igen.',
    assigned: '{name} er med i samtalen. Nu svarer et menneske.',
    returned_to_bot: 'Botten svarer igen. Spørg om hvad som helst, eller bed om et menneske.',
    resolved: 'Samtalen er afsluttet. Skriv når som helst, så åbner den igen.',
    phone: 'Vi ringer til dig på det tidspunkt, du valgte. Samtalen her bliver gemt.',
    email: 'Vi svarer dig på mail. Samtalen her bliver gemt.',
  },
  en: {
    notice: 'You’re talking to Havu’s bot. It answers at once, and a person is here whenever you want one.',
    queued: 'You’re in the queue. A colleague comes to this chat and sees everything you wrote.',
    uncalled: 'The call has been cancelled.',
    cancelled: 'You’ve left the queue. The bot goes on helping.',
    assigned: '{name} joined the conversation. A person answers now.',
    returned_to_bot: 'The bot is answering again. Ask anything, or ask for a person.',
    resolved: 'The conversation is closed. Write any time and it opens again.',
    phone: 'We’ll call you at the time you chose. This conversation is kept.',
    email: 'We’ll answer you by e-mail. This conversation is kept.',
  },
};

const titles = {
  fi: { 'faq/track_order': 'Tilauksen seuranta', 'faq/return_how': 'Palautus', 'faq/opening_hours': 'Aukioloajat' },
  da: { 'faq/track_order': 'Følg din ordre', 'faq/return_how': 'Returnering', 'faq/opening_hours': 'Åbningstider' },
  en: { 'faq/track_order': 'Track my order', 'faq/return_how': 'Returns', 'faq/opening_hours': 'Opening hours' },
};

/** Topics as agents read them, in the agent's language. */
export const TITLES = {
  fi: { ...titles.fi, 'human/talk_to_human': 'Ihmisen pyyntö', 'human/double_charge': 'Virheellinen veloitus', 'human/damaged_or_wrong_item': 'Rikkinäinen tai väärä tuote' },
  da: { ...titles.da, 'human/talk_to_human': 'Ønske om et menneske', 'human/double_charge': 'Forkert opkrævning', 'human/damaged_or_wrong_item': 'Beskadiget eller forkert vare' },
  en: { ...titles.en, 'human/talk_to_human': 'Asking for a person', 'human/double_charge': 'Wrong charge', 'human/damaged_or_wrong_item': 'Damaged or wrong item' },
};

const WHY = {
  fi: { asked: 'Pyysi ihmistä', human_topic: 'Asia kuuluu ihmiselle: {topic}', answer_did_not_help: 'Botin vastaus ei auttanut' },
  da: { asked: 'Bad om et menneske', human_topic: 'Sagen kræver et menneske: {topic}', answer_did_not_help: 'Bottens svar hjalp ikke' },
  en: { asked: 'Asked for a person', human_topic: 'Needs a person: {topic}', answer_did_not_help: 'The bot’s answer didn’t help' },
};

/** A reason with its explanation in the agent's language. */
export function explained(reason, language) {
  const text = WHY[language][reason.code]?.replace('{topic}', TITLES[language][reason.topic] ?? reason.topic ?? '');
  return text ? { ...reason, explanation: text } : reason;
}

const buttons = (language) => Object.entries(titles[language]).map(([id, title]) => ({ id, title }));

export const GREETING = {
  fi: { text: 'Hei! Miten voin auttaa?', buttons: buttons('fi') },
  da: { text: 'Hej! Hvad kan jeg hjælpe med?', buttons: buttons('da') },
  en: { text: 'Hello! How can I help?', buttons: buttons('en') },
};

const ANSWERS = {
  'faq/track_order': {
    fi: 'Näet tilauksesi vaiheen seurantalinkistä, jonka lähetimme sähköpostiisi. Toimitus kestää 2–4 arkipäivää. Seuranta löytyy myös täältä: https://havu.example/seuranta.',
    da: 'Du kan følge din ordre med det link, vi har sendt på mail. Levering tager 2–4 hverdage. Du finder den også her: https://havu.example/ordre.',
    en: 'Follow your order with the link we emailed you. Delivery takes 2–4 working days. You’ll also find it here: https://havu.example/orders.',
  },
  'faq/return_how': {
    fi: 'Palautus käy näin:\n- Tulosta palautustarra tililtäsi.\n- Pakkaa tuote ja vie paketti postiin.\n- Rahat palaavat 5 arkipäivän kuluessa.\nPalautusaikaa on 30 päivää.',
    da: 'Sådan returnerer du:\n- Print returlabelen fra din konto.\n- Pak varen, og aflever pakken.\n- Pengene er tilbage inden for 5 hverdage.\nDu har 30 dages returret.',
    en: 'Here’s how to return something:\n- Print the return label from your account.\n- Pack the item and drop the parcel off.\n- Your money is back within 5 working days.\nYou have 30 days.',
  },
  'faq/opening_hours': {
    fi: 'Chatissa vastaa ihminen ma–pe klo 9–17. Botti vastaa aina.',
    da: 'Her i chatten svarer mennesker man.–fre. kl. 9–17. Botten svarer altid.',
    en: 'People answer here Mon–Fri 9 am–5 pm. The bot answers at any hour.',
  },
  none: {
    fi: 'En ymmärtänyt tuota. Voitko kertoa asian toisin sanoin?',
    da: 'Det forstod jeg ikke. Kan du sige det på en anden måde?',
    en: 'I didn’t understand that. Could you put it another way?',
  },
  human: {
    fi: 'Välitän tämän heti asiakaspalvelijalle. Hän näkee keskustelun, joten kaikkea ei tarvitse kertoa uudelleen.',
    da: 'Det giver jeg videre til en kollega med det samme. Kollegaen kan se samtalen, så du behøver ikke gentage det hele.',
    en: 'I’m passing this to a colleague at once. They can see this conversation, so there’s no need to repeat yourself.',
  },
};

const RULES = [
  [/ihmi|menneske|person|human/i, 'human/talk_to_human', 'asked', 'normal'],
  [/kahteen kertaan|to gange|twice/i, 'human/double_charge', 'human_topic', 'high'],
  [/rikki|i stykker|broken/i, 'human/damaged_or_wrong_item', 'human_topic', 'normal'],
  [/palaut|retur|return/i, 'faq/return_how'],
  [/tilau|missä|ordre|pakke|order|where/i, 'faq/track_order'],
  [/auki|åb|open|hours/i, 'faq/opening_hours'],
];

function languageOf(text, hint) {
  if (/\b(the|where|is|my|you|how|order|return)\b/i.test(text)) return 'en';
  if (/\b(jeg|er|min|hvor|hvad|vil|det)\b|[øæ]/i.test(text)) return 'da';
  if (/[äö]|\b(on|en|missä|olen)\b/i.test(text)) return 'fi';
  return hint;
}

export function answer(text, hint, button) {
  const language = button ? hint : languageOf(text, hint);
  const rule = button ? [null, button] : RULES.find(([pattern]) => pattern.test(text));
  const topic = rule?.[1] ?? null;
  const evidence = rule?.[0]?.exec(text)?.[0];
  const nlu = {
    topic,
    confidence: topic ? 0.91 : 0.34,
    runners_up: [
      ['faq/delivery_time', 0.05],
      ['faq/track_refund', 0.02],
    ],
    decision: topic ? (rule[2] ? 'handoff' : 'answer') : 'clarify',
    language,
    entities: {},
    emotion: null,
  };
  if (!topic) return { language, nlu, replies: [{ text: ANSWERS.none[language] }] };
  if (!rule[2]) return { language, nlu, replies: [{ text: ANSWERS[topic][language] }] };
  return {
    language,
    nlu,
    replies: [{ text: ANSWERS.human[language] }],
    priority: rule[3],
    reasons: [{ code: rule[2], topic, explanation: '', evidence: evidence ? [evidence] : [] }],
  };
}
