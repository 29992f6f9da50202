"""The page of figures: what was measured, beside what it was measured against, from bench/results/*.json."""

# ruff: noqa: E501 - a table is read line by line

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

RESULTS = Path(__file__).parent.parent / "bench" / "results"


class Figure(NamedTuple):
    """A number of a result file, what to compare it with, and the aim; paths are keys with dots between."""

    what: str
    file: str
    value: str
    unit: str
    beside: str = ""
    against: str = ""
    aim: str = ""


FIGURES = (
    Figure("`thruline --help`", "startup", "help_cpu_ms", "ms CPU", "an empty Python", "python_cpu_ms", "at most 150"),
    Figure("Server ready", "startup", "ready_s", "s", aim="at most 5"),
    Figure("Server idle", "startup", "idle_rss_mb", "MB", aim="at most 300"),
    Figure("Sync of 60 pages", "ingest", "sync_s", "s", "the embedder alone", "embedder_alone_s", "at most 1.2 times"),
    Figure("Of its CPU time, what appending to the ledger takes", "ingest", "ledger_share_of_cpu", "share", aim="below .05"),
    Figure("One event appended", "ledger", "results.narrow.single_ms", "ms CPU", "a bare insert", "results.narrow.bare_single_ms", "at most .3"),
    Figure("Events appended in batches", "ledger", "results.narrow.batched_per_s", "a CPU second", "bare inserts", "results.narrow.bare_batched_per_s", "at least 10,000"),
    Figure("Events verified", "ledger", "results.narrow.verify_per_s", "a CPU second", aim="at least 50,000"),
    Figure("Sync of 5,000 unchanged files", "resync", "unchanged_s", "s", "walking them", "walk_and_stat_s", "at most 2"),
    Figure("One changed file until it answers", "resync", "one_changed_visible_s", "s", aim="at most 1"),
    Figure("A remembered step", "resync", "remembered_step_cpu_ms", "ms CPU", aim="at most 1"),
    Figure("a condition on a field, over 50,000 rows", "field_filters", "worst_ms", "CPU ms", "the same records by name", "worst_by_set_ms", "well under 1 ms"),
    Figure("1 % of 50,000 files changed", "changed_records", "changed_cpu_s", "CPU s", "all of them", "first_sync_cpu_s", "at most 1.5 % of it and 2 s"),
    Figure("One record sent into 50,000", "push", "records.50000.push_cpu_ms", "ms CPU", "publishing all anew", "records.50000.publish_all_cpu_ms"),
    Figure("A deleted file gone from every answer, 50,000 records", "push", "records.50000.deleted_gone_s", "s", aim="at most 60"),
    Figure("Whether 100,000 people allow a use, per question", "consents", "kept_ms", "ms CPU", "where nobody is asked", "baseline_ms"),
    Figure("The same after somebody spoke", "consents", "anew_ms", "ms CPU"),
    Figure("Search in 5,000 chunks", "retrieval_latency", "sizes.0.ms.all", "ms CPU", "numpy and FTS5", "sizes.0.baseline_ms", "at most 2"),
    Figure("A graph's recall where a filter hides the ten nearest clusters", "engines", "engines.hnsw.recall.nearest 10 hidden", "share", "an exact scan", "engines.exact.recall.nearest 10 hidden", "at least .98"),
    Figure("Search in 50,000 chunks", "retrieval_latency", "sizes.1.ms.all", "ms CPU", "numpy and FTS5", "sizes.1.baseline_ms", "at most 3"),
    Figure("Top-10 of 42,670 sentences, nothing filtered", "vector_search", "engines.thruline.search_ms", "ms CPU", "qdrant-edge", "engines.qdrant-edge.search_ms", "at most .4"),
    Figure("Its recall", "vector_search", "engines.thruline.recall", "", "faiss", "engines.faiss.recall", "at least .999"),
    Figure("Worst recall under six filters", "vector_search", "engines.thruline.worst_filter_recall", "", "lancedb", "engines.lancedb.worst_filter_recall", "at least .999"),
    Figure("Recall lost on questions unlike the rows", "vector_search", "engines.thruline.outside_drop_points", "points", "qdrant-edge", "engines.qdrant-edge.outside_drop_points", "at most .5"),
    Figure("Index made from the store", "vector_search", "engines.thruline.build_cpu_s", "CPU s", "hnswlib", "engines.hnswlib.build_cpu_s", "at most 1"),
    Figure("Words and meaning under a filter of .1 %", "vector_search", "engines.thruline.hybrid_ms", "ms CPU", "lancedb", "engines.lancedb.hybrid_ms", "at most 1.5"),
    Figure("Rows taken in durably, each batch found at once", "vector_search", "engines.thruline.inserted_and_seen_rows_a_s", "a second", "qdrant-edge", "engines.qdrant-edge.inserted_and_seen_rows_a_s", "at least 2,000"),
    Figure("Deleting 30 %", "vector_search", "engines.thruline.delete_cpu_s", "CPU s", "lancedb", "engines.lancedb.delete_cpu_s", "at most 1"),
    Figure("Acknowledged rows lost by `kill -9`", "vector_search", "engines.thruline.lost_rows", "", "hnswlib, of 800", "engines.hnswlib.lost_rows", "0"),
    Figure("A new process until its first answer", "vector_search", "engines.thruline.cold_cpu_s", "CPU s", "qdrant-edge", "engines.qdrant-edge.cold_cpu_s", "at most 1"),
    Figure("One question to 1 M rows on one core", "vector_search", "million.search_ms", "ms CPU", "a plain read of as many bytes", "million.read_bound_ms", "at most 1.3 times"),
    Figure("A question to 100,000 rows on 2 shards of a cluster", "sharded_search", "results.2 shards.one_ms", "ms", "in this process", "results.here.one_ms"),
    Figure("SciFact nDCG@10, learned reranker", "reranker", "ndcg10_learned", "", "words and meaning", "ndcg10_both", "at least .72"),
    Figure("SciFact nDCG@10, words and meaning", "scifact_quality", "ndcg10_both", "", "words alone", "ndcg10_words", "at least .715"),
    Figure("Answers that cite a judged page", "answering", "answers that cite a judged page", "share"),
    Figure("AUROC of *I do not know*", "answering", "AUROC of sureness", "", "shared words", "AUROC of shared words (baseline)"),
    Figure("XQuAD recall@5, English", "xquad_recall", "languages.en.both", "share", "words alone", "languages.en.words"),
    Figure("XQuAD recall@5, German", "xquad_recall", "languages.de.both", "share", "words alone", "languages.de.words"),
    Figure("XQuAD recall@5, Spanish", "xquad_recall", "languages.es.both", "share", "words alone", "languages.es.words"),
    Figure("XQuAD recall@5, Russian", "xquad_recall", "languages.ru.both", "share", "words alone", "languages.ru.words"),
    Figure("XQuAD recall@5, Chinese", "xquad_recall", "languages.zh.both", "share", "words alone", "languages.zh.words"),
    Figure("XQuAD nDCG@10, Russian, with weights chosen on other questions", "fusion", "sets.xquad_ru.in_force", "", "even weights", "sets.xquad_ru.even"),
    Figure("XQuAD nDCG@10, Chinese, with weights chosen on other questions", "fusion", "sets.xquad_zh.in_force", "", "even weights", "sets.xquad_zh.even"),
    Figure("SciFact nDCG@10, with weights chosen on its train questions", "fusion", "sets.scifact.in_force", "", "even weights", "sets.scifact.even"),
    Figure("XQuAD, questions answered that a paragraph answers", "unanswerable", "sets.judge.answerable: answered", "share", "one cosine", "sets.judge.answerable: answered at one cosine (baseline)"),
    Figure("XQuAD, questions about other articles answered", "unanswerable", "sets.judge.foreign: answered", "share", "one cosine", "sets.judge.foreign: answered at one cosine (baseline)"),
    Figure("XQuAD, questions of the same article answered that no paragraph answers, calibrated", "unanswerable", "sets.calibrated.calibrated: same article, answered", "share", "as shipped", "sets.calibrated.as shipped: same article, answered"),
    Figure("XQuAD, questions answered that a paragraph answers, calibrated", "unanswerable", "sets.calibrated.calibrated: answerable, answered", "share", "as shipped", "sets.calibrated.as shipped: answerable, answered"),
    Figure("Sentences that their citation does not say, found", "grounding", "ours.recall", "share", "words and digits", "words and digits (baseline).recall"),
    Figure("Of those that are marked, rightly", "grounding", "ours.precision", "share", "words and digits", "words and digits (baseline).precision"),
    Figure("Disagreements between documents that are told", "conflicts", "ours.found of those that disagree", "share", "other numbers", "other numbers (baseline).found of those that disagree"),
    Figure("The same told of two truths", "conflicts", "ours.false alarms among the harmless", "share", "other numbers", "other numbers (baseline).false alarms among the harmless", "0"),
    Figure("The same in 656 questions on the handbook", "conflicts", "handbook.notes", "notes", aim="near 0"),
    Figure("Files lost in a sync of 5,000 that was killed 300 times", "killed_sync", "lost", "", aim="0"),
    Figure("Files doubled in it", "killed_sync", "doubled", "", aim="0"),
    Figure("Rows missing after a table's sync was killed 200 times", "rerun", "missing", "", aim="0"),
    Figure("Rows doubled in it", "rerun", "doubled", "", "a loader that appends", "appending_loader_doubled", "0"),
    Figure("Erasing 100 of 2,000 records, with the byte scan", "erase", "erase_s", "s", "delete and vacuum", "plain_delete_and_vacuum_s", "at most 1"),
    Figure("Places where erased words were left", "erase", "residue", "", aim="0"),
    Figure("Of 200 planted words and 100 vectors, left in any byte", "erase", "bytes_found_in_home", "", "before", "canaries_kept_before", "0"),
    Figure("Planning an erasure in 1 M chunks that hold 10,000 people", "erasure_plan", "plan_s", "s", "reading every document", "without_sketches_s", "at most 5"),
    Figure("The line around a document, of 50,000 chunks", "lineage", "record_ms", "ms CPU", "all edges above the index", "all_edges_above_an_index_ms"),
    Figure("The line around an index of 50,000 chunks", "lineage", "index_ms", "ms CPU", "all edges above the index", "all_edges_above_an_index_ms"),
    Figure("Precision of people put together", "subject_resolution", "program_precision", "", "same name", "same_name_precision", "at least .98"),
    Figure("A governed request, 32 at once", "gateway", "results.32_at_once.passthrough_ms", "ms CPU", "an echo", "results.32_at_once.echo_ms", "at most .4"),
    Figure("A governed request, one at a time", "gateway", "results.1_at_once.passthrough_ms", "ms CPU", "an echo", "results.1_at_once.echo_ms", "at most .4"),
    Figure("A stream of 50 chunks, 32 at once", "gateway", "results.32_at_once.stream_50_ms", "ms CPU", aim="at most .6"),
    Figure("Our client for a language model, a request", "upstream_client", "ours.forward_request_ms", "ms CPU", "the openai package", "openai_sdk.request_ms"),
    Figure("A command through the whole queue", "jobs", "results.whole queue, 2 at a time.cpu_ms", "ms CPU", "a bare Python", "results.subprocess.run of a Python.cpu_ms"),
    Figure("Detector, AUROC on held-out families", "injection_detector", "sets.held-out families.detector.auroc.value", "", "rules alone", "sets.held-out families.rules.auroc.value"),
    Figure("Detector, AUROC on collections never seen", "injection_detector", "sets.dev.detector.auroc.value", "", "rules alone", "sets.dev.rules.auroc.value"),
    Figure("E-mail addresses found", "pii_detection", "kinds.email.recall", "recall"),
    Figure("Phone numbers found", "pii_detection", "kinds.phone.recall", "recall"),
    Figure("Names found", "pii_detection", "kinds.name.recall", "recall"),
    Figure("Personal data of any kind, spans", "pii_detection", "kinds.any.span_f1", "F1", "rules without names", "rules_only.span_f1", "at least .80"),
    Figure("The same with the embedder", "pii_detection", "with_embedder.any.span_f1", "F1", aim="at least .90"),
    Figure("E-mail addresses", "pii_detection", "targets.email, F1.measured", "F1", aim="at least .99"),
    Figure("IBANs", "pii_detection", "targets.iban, F1.measured", "F1", aim="at least .99"),
    Figure("Card numbers", "pii_detection", "targets.card, F1.measured", "F1", aim="at least .99"),
    Figure("Social security numbers", "pii_detection", "targets.ssn, F1.measured", "F1", aim="at least .99"),
    Figure("IP addresses", "pii_detection", "targets.ip, F1.measured", "F1", aim="at least .99"),
    Figure("Rules for personal data, on prose", "pii_detection", "mb_per_cpu_second_prose.rules", "MB a CPU second", aim="at least 2"),
    Figure("Secrets of 24 kinds found", "secret_detection", "recall.all", "recall", "detect-secrets", "baseline_recall.all", ""),
    Figure("Marked as secrets in installed packages", "secret_detection", "false_alarms.installed packages.marked_per_mb", "a MB", "detect-secrets", "false_alarms.installed packages.baseline_marked_per_mb", ""),
    Figure("Near-duplicates of 100,000 passages", "near_duplicates", "passages_per_cpu_s", "a CPU second", "one by one", "one_by_one_per_cpu_s", "at least 15,000"),
    Figure("Near-duplicates found", "near_duplicates", "recall", "recall", "", "", "at least .98"),
    Figure("Of what is called one, how much is", "near_duplicates", "precision", "precision", "without looking again", "unverified.precision", "at least .97"),
    Figure("50,000 chunks compared by meaning", "alike", "speed.cpu_s", "CPU s"),
    Figure("Statements written anew that are found", "alike", "at.0.94.found", "share", "by their words", "near_duplicates_found"),
    Figure("Quality scores", "quality_filters", "pages.mb_per_cpu_s", "MB a CPU second", "a Python loop", "pages.python_loop_mb_per_cpu_s", "at least 20"),
    Figure("Rows held to a contract", "contract_check", "results.thruline.rows_per_cpu_s", "a CPU second", "Python, row by row", "results.python_rows.rows_per_cpu_s", "at least 2,000,000"),
    Figure("Memory for that, of 10 M rows", "contract_check", "results.thruline.peak_rss_mb", "MB", aim="at most 1,500"),
    Figure("Rows measured for k, l and t", "anonymity", "results.measures.rows_per_cpu_s", "a CPU second", "Python with a dictionary, k and l", "results.dictionary.rows_per_cpu_s", "at least 2,000,000"),
    Figure("Rows told with noise, one a person", "aggregates", "results.each person.rows_per_cpu_s", "a CPU second", "OpenDP alone, each row a person's", "results.OpenDP alone.rows_per_cpu_s", "at least 1,000,000"),
    Figure("HTML, main content", "parsing", "speed.html.mb_per_cpu_s", "MB a CPU second", "the engine's own content", "speed.html content.baseline_mb_per_cpu_s", "at least 15"),
    Figure("HTML of little but tags", "parsing", "speed.html manual.mb_per_cpu_s", "MB a CPU second", "the engine's own content", "speed.html manual.baseline_mb_per_cpu_s", "at least 15"),
    Figure("HTML, words of the main content", "parsing", "content_f1.mean", "F1", "the engine's own", "content_f1.engine_mean", "at least .97"),
    Figure("PDF, text in the order it is read", "pdf", "mean_f1", "F1 of word pairs", "the engine's own text", "mean_engine_f1", "at least .97"),
    Figure("PDF, tables' cells", "pdf", "documents.table without rules.cells_f1", "F1", "", "", ""),
    Figure("PDF, speed", "pdf", "speed.pages_per_cpu_s", "pages of 700 words a CPU second", "the engine's own text", "speed.engine_pages_per_cpu_s", "near the engine's"),
    Figure("Pictures of text, words in order", "ocr", "mean_words", "F1 of word pairs, eleven kinds of pages", "the same networks alone", "mean_bare_words", ""),
    Figure("Pictures of text, speed", "ocr", "pages_per_cpu_minute", "pages of 130 words a CPU minute", "the same networks alone", "bare_pages_per_cpu_minute", ""),
)  # fmt: skip


def figures() -> Iterator[tuple[str, ...]]:
    """(what, measured, beside, aim, script) of every figure whose result is committed."""
    for figure in FIGURES:
        if not (path := RESULTS / f"{figure.file}.json").exists():
            continue
        found = json.loads(path.read_text("utf-8"))
        beside = f"{figure.beside}: {_shown(_at(found, figure.against))}" if figure.against else ""
        measured = f"{_shown(_at(found, figure.value))} {figure.unit}".strip()
        yield figure.what, measured, beside, figure.aim, f"`bench/{figure.file}.py`"


def _at(found: Any, path: str) -> float:
    """The number at a path; a key may hold dots itself, so the longest that fits is taken."""
    if not path:
        return found
    if isinstance(found, list):
        head, _, rest = path.partition(".")
        return _at(found[int(head)], rest)
    key = max((k for k in found if path == k or path.startswith(f"{k}.")), key=len)
    return _at(found[key], path[len(key) + 1 :])


def _shown(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) or number >= 1000 else f"{number:.3g}"
