"""Records put to Firehose delivery streams with boto3."""

import random
from collections.abc import Callable
from typing import Any

from refusals import refused
from school import DELIVERY_STREAM, OPEN, Admin, answer, given, line

QUESTION = {"id": 1, "choices": [{"id": 1}]}


def test_put_record_answers_with_an_id_of_its_own(firehose: Any) -> None:
    answers = [
        firehose.put_record(
            DeliveryStreamName=DELIVERY_STREAM, Record={"Data": line(answer(QUESTION, 0, assignment_id=900))}
        )
        for _ in range(3)
    ]
    assert len({answer["RecordId"] for answer in answers}) == 3
    assert not any(answer["Encrypted"] for answer in answers)


def test_a_batch_of_500_has_500_ids_in_its_answer(firehose: Any) -> None:
    records = [{"Data": line(answer(QUESTION, 0, assignment_id=900))} for _ in range(500)]
    batch = firehose.put_record_batch(DeliveryStreamName=DELIVERY_STREAM, Records=records)
    assert batch["FailedPutCount"] == 0
    assert len({entry["RecordId"] for entry in batch["RequestResponses"]}) == 500


def test_a_stream_without_a_table_takes_any_bytes(firehose: Any, delivery_stream: Callable[..., str]) -> None:
    name, chance = delivery_stream(), random.Random(20260131)
    records = [{"Data": chance.randbytes(chance.randrange(2_000))} for _ in range(500)]
    batch = firehose.put_record_batch(DeliveryStreamName=name, Records=records)
    assert batch["FailedPutCount"] == 0
    assert len({entry["RecordId"] for entry in batch["RequestResponses"]}) == 500
    assert firehose.put_record(DeliveryStreamName=name, Record={"Data": b"\xff\xfe"})["RecordId"]


def test_rows_put_with_boto3_land_where_the_teacher_looks(firehose: Any, admin: Admin) -> None:
    before = admin.results()
    question = before["questions"][0]
    records = [{"Data": line(answer(question, choice % 4))} for choice in range(40)]
    assert firehose.put_record_batch(DeliveryStreamName=DELIVERY_STREAM, Records=records)["FailedPutCount"] == 0
    expected = [given(before, 0, choice) + 10 for choice in range(4)]
    admin.results_when(lambda results: [given(results, 0, choice) for choice in range(4)] == expected)


def test_a_record_that_is_sent_again_lands_once(firehose: Any, admin: Admin) -> None:
    before = admin.results()
    question = before["questions"][1]
    record, last = line(answer(question, 0)), line(answer(question, 1))
    for data in [record, record, record, last]:
        firehose.put_record(DeliveryStreamName=DELIVERY_STREAM, Record={"Data": data})
    # Records of an assignment stay in order: once the last has landed, all have.
    after = admin.results_when(lambda results: given(results, 1, 1) == given(before, 1, 1) + 1)
    assert given(after, 1, 0) == given(before, 1, 0) + 1


def test_a_record_that_does_not_fit_fails_alone(firehose: Any, admin: Admin) -> None:
    before = admin.results()
    question = before["questions"][2]
    good = [line(answer(question, 2)) for _ in range(4)]
    bad = [
        line(answer(question, 2, question_id="three")),
        line(answer(question, 2, student_key=...)),
        line(answer(question, 2) | {"grade": 1}),
        b"\xff\xfe no json\n",
    ]
    data = [record for pair in zip(good, bad, strict=True) for record in pair]
    batch = firehose.put_record_batch(DeliveryStreamName=DELIVERY_STREAM, Records=[{"Data": d} for d in data])
    entries = batch["RequestResponses"]
    assert (batch["FailedPutCount"], len(entries)) == (4, 8)
    assert ["ErrorCode" in entry for entry in entries] == [False, True] * 4
    for entry, field in zip(entries[1::2], ["question_id", "student_key", "grade", ""], strict=True):
        assert field in entry["ErrorMessage"]
        # Clients send again what was only too much; this will never fit.
        assert entry["ErrorCode"] != "ServiceUnavailableException"
    admin.results_when(lambda results: given(results, 2, 2) == given(before, 2, 2) + 4)


def test_a_single_record_that_does_not_fit_is_an_invalid_argument(firehose: Any) -> None:
    with refused("InvalidArgumentException", "elapsed_ms"):
        record = {"Data": line(answer(QUESTION, 0, assignment_id=OPEN, elapsed_ms="slow"))}
        firehose.put_record(DeliveryStreamName=DELIVERY_STREAM, Record=record)


def test_an_unknown_stream_is_not_found(firehose: Any, fresh: Callable[[], str]) -> None:
    name = fresh()
    with refused("ResourceNotFoundException", name):
        firehose.put_record(DeliveryStreamName=name, Record={"Data": b"x"})
    with refused("ResourceNotFoundException", name):
        firehose.put_record_batch(DeliveryStreamName=name, Records=[{"Data": b"x"}])
