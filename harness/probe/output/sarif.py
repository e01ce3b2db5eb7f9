"""A probe as SARIF 2.1.0, for code scanning: one result per thing that is wrong.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from harness.defects import DEFECTS
from harness.probe.gains import gain_of, level_of
from harness.probe.output.answer import exit_code
from harness.probe.result import Finding, ProbeResult

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(result: ProbeResult, version: str) -> str:
    """Return the findings that say that something is wrong; ``version`` is jwtstorm's own."""
    found = [finding for finding in result.findings if finding.found]
    rules = list(dict.fromkeys(_rule_id(finding) for finding in found))
    driver = {"name": "jwtstorm", "version": version, "rules": [_rule(rule, found) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(result)],
        "results": [_result(finding, rules, result.address) for finding in found],
        "properties": {"address": result.address, "counts": result.counts(), "partial": result.partial},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, allow_nan=False) + "\n"


def _invocation(result: ProbeResult) -> Mapping[str, Any]:
    ended = datetime.fromisoformat(result.started_utc) + timedelta(seconds=result.took_s)
    invocation: dict[str, Any] = {
        "executionSuccessful": not result.partial,
        "exitCode": exit_code(result),
        "startTimeUtc": _utc(datetime.fromisoformat(result.started_utc)),
        "endTimeUtc": _utc(ended),
    }
    if result.partial:
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": {"text": result.partial}}]
    return invocation


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _rule_id(finding: Finding) -> str:
    return finding.row or finding.part


def _rule(rule: str, found: Iterable[Finding]) -> Mapping[str, Any]:
    row = DEFECTS.get(rule)
    first = next(finding for finding in found if _rule_id(finding) == rule)
    short = row.name if row else f"{first.part} of the target's verifier"
    described: dict[str, Any] = {"id": rule, "shortDescription": {"text": short}}
    if row:
        described["fullDescription"] = {"text": row.fails or row.name}
        described["help"] = {"text": row.fix or row.name}
    return described


def _result(finding: Finding, rules: list[str], address: str) -> Mapping[str, Any]:
    rule, gain = _rule_id(finding), gain_of(finding)
    where = finding.method.lstrip("/") or finding.subject
    unlike = finding.expected and finding.seen and finding.expected != finding.seen
    seen = f"; expected {finding.expected}, seen {finding.seen}" if unlike else ""
    told = ". ".join(filter(None, (f"{finding.subject}: {finding.outcome}{seen}", finding.text, finding.way_out)))
    mark = f"{rule}|{where}|{finding.variant}|{finding.outcome.value}"
    return {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": level_of(finding),
        "rank": 100.0 - 15.0 * gain,
        "message": {"text": told},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"grpc://{quote(address, safe=':[]')}/{quote(where)}"}
                },
                "logicalLocations": [{"fullyQualifiedName": where, "kind": "function"}],
            }
        ],
        "properties": {"gain": gain.words},
        "partialFingerprints": {"jwtstormFinding/v1": sha256(mark.encode()).hexdigest()[:32]},
    }
