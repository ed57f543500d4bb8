from __future__ import annotations

import pytest

from bot.seam.limits import Limits


def test_settings_replace_the_limits_they_name_and_no_others() -> None:
    assert Limits.of({"slots": 4, "takeover": 2}) == Limits(slots=4, takeover=2.0)
    assert Limits.of(None) == Limits()


@pytest.mark.parametrize("settings", [{"slot": 4}, {"slots": 0}, {"drain": "long"}, {"slots": True}])
def test_a_setting_that_cannot_be_is_refused_by_name(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        Limits.of(settings)


def test_a_takeover_leaves_time_to_answer_within_the_hubs_five_seconds() -> None:
    limits = Limits()
    assert limits.takeover + limits.claim_every + limits.block < 3.5
    assert limits.renew_every * 4 < limits.takeover
