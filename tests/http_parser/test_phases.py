"""The table of phases: complete, and without a way back from where there is none."""

from weft_http_parser.phases import ENDED, HEAD_STEPS, IN_BODY, NEXT, OVER, Phase, Step


def test_every_phase_has_a_row() -> None:
    assert set(NEXT) == set(Phase)


def test_every_step_is_used() -> None:
    assert {step for row in NEXT.values() for step in row} == set(Step)


def test_every_phase_can_be_reached() -> None:
    reached = {Phase.IDLE, Phase.FAILED}  # a failure comes from anywhere
    for _ in Phase:
        reached |= {after for before in reached for after in NEXT[before].values()}
    assert reached == set(Phase)


def test_nothing_leads_out_of_the_last_phases() -> None:
    for phase in (Phase.SWITCHED, Phase.CLOSED, Phase.FAILED):
        assert NEXT[phase] == {}
    assert set(NEXT[Phase.LAST]) == {Step.SWITCH}


def test_sets_follow_from_the_table() -> None:
    assert {phase for phase in Phase if Step.END in NEXT[phase]} == IN_BODY
    assert {phase for phase in Phase if Step.SWITCH in NEXT[phase]} == OVER
    assert ENDED == OVER - {Phase.TUNNEL}


def test_head_steps_lead_where_they_say() -> None:
    for (is_whole, persistent), step in HEAD_STEPS.items():
        phase = NEXT[Phase.IDLE][step]
        assert (phase in ENDED) is is_whole
        assert (phase in (Phase.DONE, Phase.BODY)) is persistent
