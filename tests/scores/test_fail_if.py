"""The little grammar of `--fail-if`."""

import pytest

from langsamp.errors import GateFailedError, UserError
from langsamp.scores.fail_if import Difference, FailIf, check_fail_if, parse_fail_if

BIBLE = Difference("sr-bible", "sr-bible", -0.6, -1.2, -0.1)
NER = Difference("ner", "ner (source=deu_Latn)", 0.4, -0.1, 0.8)
ONE_FAMILY = Difference("pos", "pos", 0.1, None, None)


def test_gates_are_read_one_by_one_or_joined_by_commas():
    assert parse_fail_if(["sr-bible<-0.5", "all < 0, ner.high<=.25"]) == (
        FailIf("sr-bible", "mean", "<", -0.5), FailIf("all", "mean", "<", 0.0), FailIf("ner", "high", "<=", 0.25),
    )  # fmt: skip
    assert parse_fail_if(["sr-bible<−0.5"])[0].number == -0.5  # the minus sign that our own tables print
    assert parse_fail_if([]) == ()
    assert [str(gate) for gate in parse_fail_if(["pos.low >= 1.0", "all>2"])] == ["pos.low>=1", "all>2"]


@pytest.mark.parametrize("text", ["sr-bible", "sr-bible=0", "<0", "ner<", "ner<zero", "", "ner<0,", "ner.high.low<0"])
def test_what_is_no_gate_is_shown_how_to_write_one(text: str):
    with pytest.raises(UserError, match=r"expected TASK OP NUMBER.*'sr-bible<-0.5'"):
        parse_fail_if([text])


def test_an_unknown_field_is_named():
    with pytest.raises(UserError, match=r"no field 'hihg'. Did you mean 'high'"):
        parse_fail_if(["ner.hihg<0"])


def test_a_condition_that_holds_fails_with_exit_code_5():
    with pytest.raises(GateFailedError) as failure:
        check_fail_if(parse_fail_if(["sr-bible<-0.5", "ner<0", "all.low<-1"]), [BIBLE, NER])
    assert failure.value.exit_code == 5
    assert "2 of the conditions" in str(failure.value)
    assert "sr-bible<-0.5: the mean difference of sr-bible is -0.60 points" in str(failure.value)
    assert "all.low<-1: the lower end of sr-bible is -1.20 points" in str(failure.value)


def test_conditions_that_do_not_hold_pass():
    check_fail_if(parse_fail_if(["sr-bible<-0.7", "ner.high<0", "all>1"]), [BIBLE, NER])
    check_fail_if((), [BIBLE])


def test_a_task_with_several_ways_is_gated_in_each():
    other = NER._replace(label="ner (source=eng_Latn)", mean=-3.0)
    with pytest.raises(GateFailedError, match=r"1 of.*\n.*ner \(source=eng_Latn\) is -3.00"):
        check_fail_if(parse_fail_if(["ner<0"]), [NER, other])


def test_a_gate_on_a_task_that_was_not_compared_is_an_error():
    with pytest.raises(
        UserError, match=r"'sr-bibel' was not compared. Did you mean 'sr-bible'. Compared: sr-bible, ner"
    ):
        check_fail_if(parse_fail_if(["sr-bibel<0"]), [BIBLE, NER])


def test_a_gate_on_an_interval_that_is_not_there_fails():
    with pytest.raises(GateFailedError, match="pos has no interval by family, so nothing was shown"):
        check_fail_if(parse_fail_if(["pos.high<0"]), [ONE_FAMILY])
    check_fail_if(parse_fail_if(["pos<0"]), [ONE_FAMILY])
