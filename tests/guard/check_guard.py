#!/usr/bin/env python3
"""What leaves the device, seen by services of other makers behind wires that count: denied content is no byte and no
connection, redacted content is redacted, offline-first opens no socket.

    check_guard.py LINNET SOCKET_COUNT.so WORK_DIR          prints TAP
"""
import json
import os
import pathlib
import subprocess
import sys

from cloud_peers import Chat, Gemini, Realtime, dead_url, run, test

LINNET, COUNTER, WORK = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
KEY = "sk-SECRET-987654"
HARD = "who wrote the novel moby dick"
KINDS = {"openai-realtime": Realtime, "openai-chat": Chat, "gemini-live": Gemini}


def environment(**more):
    # The preloaded counter comes before the sanitizer's runtime.
    options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return os.environ | {"TEST_KEY": KEY, "HOME": str(WORK), "ASAN_OPTIONS": options} | more


def provider(kind, url, more=""):
    return f"{{kind: {kind}, url: '{url}', model: m, key_env: TEST_KEY{more}}}"


def linnet(yaml, *args, **env):
    config = WORK / "config.yaml"
    config.write_text(yaml)
    result = subprocess.run([LINNET, args[0], "-c", config, *args[1:]], capture_output=True, text=True, timeout=120,
                            env=environment(**env))
    assert KEY not in result.stdout + result.stderr, "the key was told"
    assert result.returncode == 0, result.stderr
    return result


def ask(yaml, text, state=":memory:", **env):
    return json.loads(linnet(yaml, "ask", "--json", "--state", state, text, **env).stdout)


def sockets(yaml, text):
    """What sockets a request opens."""
    log = WORK / "sockets"
    log.unlink(missing_ok=True)
    answer = ask(yaml, text, LD_PRELOAD=COUNTER, SOCKET_COUNT=str(log))
    return answer, log.read_text().split("\n")[:-1] if log.exists() else []


@test
def a_hard_request_goes_out_to_every_kind():
    for kind, service in KINDS.items():
        with service("Herman Melville.") as cloud:
            answer = ask(f"providers: {{cloud: {provider(kind, cloud.url)}}}", HARD)
            assert answer["route"] == "cloud" and answer["reply"] == "Herman Melville.", (kind, answer)
            assert cloud.wire.connections == 1 and HARD in cloud.text()
            assert any(KEY in str(headers) for headers in cloud.headers)


@test
def a_denied_request_is_no_byte():
    for kind, service in KINDS.items():
        with service("You should not know.") as cloud:
            yaml = f"providers: {{cloud: {provider(kind, cloud.url)}}}\nprivacy: [{{match: health, allow: device}}]"
            answer = ask(yaml, "what are the early symptoms of diabetes")
            assert answer["route"] == "refused" and "health" not in answer["reply"], (kind, answer)
            assert cloud.wire.silent(), f"{kind}: {cloud.wire.connections} connections, {cloud.wire.bytes} bytes"


@test
def a_denied_request_opens_no_socket():
    yaml = (f"providers: {{cloud: {provider('openai-chat', dead_url('http', '/v1'))}}}\n"
            "privacy: [{match: health, allow: device}]")
    answer, opened = sockets(yaml, "what are the early symptoms of diabetes")
    assert answer["route"] == "refused" and opened == [], opened
    answer, opened = sockets(yaml, HARD)
    assert answer["route"] == "cloud" and any("connect" in line for line in opened), "the counter counts nothing"


@test
def who_is_allowed_is_asked_instead():
    with Realtime("From the cloud.") as cloud, Chat("From the hub.") as hub:
        yaml = (f"providers: {{cloud: {provider('openai-realtime', cloud.url)},\n"
                f"  hub: {provider('openai-chat', hub.url)}}}\n"
                "privacy: [{match: health, allow: [device, hub]}]")
        answer = ask(yaml, "what are the early symptoms of diabetes")
        assert answer["reply"] == "From the hub.", answer
        assert cloud.wire.silent() and "diabetes" in hub.text()
        assert ask(yaml, HARD)["reply"] == "From the cloud."


@test
def redacted_content_is_redacted():
    cases = [("numbers", "find out about my order one two three four five six seven eight nine", "[number]",
              ["one two", "nine", "123456789"]),
             ("\"\\\\d{12,}\"", "look up the meaning of 4242 4242 4242 4242 for me", "[private]", ["4242"]),
             ("names", "write a birthday poem for my friend Ottilie Bergstrom", "[name]", ["Ottilie", "Bergstrom"])]
    for kind, service in KINDS.items():
        for match, text, expected, hidden in cases:
            with service("Done.") as cloud:
                yaml = (f"providers: {{cloud: {provider(kind, cloud.url)}}}\n"
                        "stages: [{stage: generate, target: cloud}]\n"
                        f"privacy: [{{match: {match}, action: redact, words: [Ottilie Bergstrom]}}]")
                if match != "names":
                    yaml = yaml.replace(", words: [Ottilie Bergstrom]", "")
                answer = ask(yaml, text)
                assert answer["route"] == "cloud", (text, answer)
                assert expected in cloud.text(), f"{kind}: {expected} is not in what was sent"
                assert all(secret not in cloud.text() for secret in hidden), f"{kind}: {text}"


@test
def private_mode_is_no_byte():
    for more in ("private: true\n", ""):
        with Realtime("You should not know.") as cloud:
            yaml = f"{more}providers: {{cloud: {provider('openai-realtime', cloud.url)}}}"
            answer = ask(yaml, HARD if more else "keep this private " + HARD)
            assert cloud.wire.silent(), answer
            assert "Melville" not in answer["reply"]


@test
def offline_first_opens_no_socket():
    with Realtime("You should not know.") as cloud:
        yaml = f"routing: offline-first\nproviders: {{cloud: {provider('openai-realtime', cloud.url)}}}"
        for text in (HARD, "what time is it", "explain how a jet engine works"):
            _, opened = sockets(yaml, text)
            assert opened == [], opened
        assert cloud.wire.silent()


@test
def without_providers_no_socket_is_opened():
    for text in (HARD, "set a timer for five minutes"):
        _, opened = sockets("name: alone", text)
        assert opened == [], opened


@test
def simple_requests_stay_here():
    with Realtime("You should not know.") as cloud:
        yaml = f"providers: {{cloud: {provider('openai-realtime', cloud.url)}}}"
        answer = ask(yaml, "what time is it")
        assert answer["tool"] == "get_time" and cloud.wire.silent()


@test
def a_tool_of_the_device_is_run_and_its_result_guarded():
    with Chat(("convert", {"amount": "five", "from": "miles", "to": "kilometers"}), "So be it.") as cloud:
        yaml = (f"providers: {{cloud: {provider('openai-chat', cloud.url)}}}\n"
                "privacy: [{match: kilometers, action: redact}]")
        answer = ask(yaml, HARD)
        assert answer["reply"] == "So be it.", answer
        second = json.loads(cloud.messages[1])["messages"][-1]
        assert second["role"] == "tool" and "[private]" in second["content"] and "8" in second["content"], second


@test
def a_tool_with_bad_arguments_is_refused_in_words():
    with Chat(("timer_set", {"path": "/etc/passwd"}), "Sorry.") as cloud:
        answer = ask(f"providers: {{cloud: {provider('openai-chat', cloud.url)}}}", HARD)
        result = json.loads(json.loads(cloud.messages[1])["messages"][-1]["content"])
        assert answer["reply"] == "Sorry." and result["ok"] is False and "path" in result["error"], result


@test
def the_budget_is_kept_over_runs():
    state = WORK / "budget.db"
    state.unlink(missing_ok=True)
    with Chat("Done.") as cloud:
        yaml = (f"budget: {{per_day: 0.03}}\nproviders: {{cloud: "
                f"{provider('openai-chat', cloud.url, ', price: {in: 1, out: 20}')}}}")
        replies = [ask(yaml, HARD, state=str(state))["reply"] for _ in range(60)]
        sent = replies.count("Done.")
        assert 2 < sent < 60 and all("budget" in reply for reply in replies[sent:]), replies
        ledger = json.loads(subprocess.run([LINNET, "ledger", "--json", "--state", state], capture_output=True,
                                           text=True, check=True).stdout)
        assert ledger["today"]["turns"] == sent == len(cloud.messages), ledger
        assert 0 < ledger["today"]["spent"] <= 0.03
        # 40 tokens new, 10 cached, 20 answered each
        assert abs(ledger["today"]["spent"] - sent * 450e-6) < 1e-9, ledger


@test
def a_key_that_is_not_there_leaves_the_device_working():
    with Realtime("You should not know.") as cloud:
        yaml = f"providers: {{cloud: {provider('openai-realtime', cloud.url).replace('TEST_KEY', 'NO_SUCH_KEY')}}}"
        answer = ask(yaml, "what time is it")
        assert answer["tool"] == "get_time"
        answer = ask(yaml, HARD)
        assert answer["route"] in ("refused", "cloud") and cloud.wire.silent(), answer


if __name__ == "__main__":
    WORK.mkdir(parents=True, exist_ok=True)
    run()
