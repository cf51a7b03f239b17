#!/usr/bin/env python3
"""Whole turns over real sockets, with faults between: each ends in words, in time, within the budget.

    check_cloud.py PROBE LINNET WORK_DIR          prints TAP
    check_cloud.py PROBE LINNET WORK_DIR --measure [TURNS]      prints figures for docs/PERF.md
"""
import concurrent.futures
import contextlib
import itertools
import json
import math
import os
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "net"))
from fault_proxy import FaultProxy  # noqa: E402
import tls_files  # noqa: E402
from net_tap import Tests  # noqa: E402
from services import Chat, Realtime, Script  # noqa: E402

PROBE, LINNET, WORK = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
SLOWER = float(os.environ.get("LINNET_TEST_SLOWER", "1"))
DEADLINE_MS = 700
HARD = "why is the sky blue"  # the device's model sends this out
test = Tests()


class Assistant:
    """An engine in a process of its own that is asked line by line."""

    count = itertools.count()

    def __init__(self, providers, state=":memory:", extra="", **options):
        WORK.mkdir(parents=True, exist_ok=True)
        self.config = WORK / f"config{next(self.count)}.yaml"
        lines = [f"  {name}: {{{', '.join(f'{k}: {v}' for k, v in values.items())}}}" for name, values in providers.items()]
        self.config.write_text("providers:\n" + "\n".join(lines) + "\n" + extra)
        settings = [f"{key.replace('__', '.')}={value}" for key, value in options.items()]
        self.process = subprocess.Popen([PROBE, self.config, state, *settings], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.process.stdout.close()
        self.config.unlink()
        assert status == 0, f"the engine ended with {status}"

    def ask(self, text=HARD):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        turn = json.loads(self.process.stdout.readline())
        assert turn["done"], turn
        return turn

    def wait(self, seconds):
        """Silence on the engine's clock."""
        self.process.stdin.write(f"+{seconds}\n")
        self.process.stdin.flush()

    def costs(self):
        """(resident KiB, open files, threads) of the process."""
        process = pathlib.Path(f"/proc/{self.process.pid}")
        fields = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        return int(fields["VmRSS"].split()[0]), len(list((process / "fd").iterdir())), int(fields["Threads"])


def chat_at(port, **more):
    return {"kind": "openai-chat", "url": f'"http://127.0.0.1:{port}/v1"', "model": "m", "deadline_ms": DEADLINE_MS, **more}


def realtime_at(port, **more):
    return {"kind": "openai-realtime", "url": f'"ws://127.0.0.1:{port}/v1/realtime"', "model": "m",
            "deadline_ms": DEADLINE_MS, **more}


def words(turn):
    return " ".join(turn["said"])


def answers(turn, times):
    """When the first clause that is not the filler was said."""
    for text, at in zip(turn["said"], turn[times]):
        if text != "Let me look that up.":
            return at
    raise AssertionError(f"nothing was said: {turn}")


def waited(turn):
    """Real milliseconds from the leaving of the request until the first words of an answer."""
    return max(0, answers(turn, "said_ms") - turn["sent_ms"])


def decided(turn):
    """The same on the engine's clock, which does not mind how busy the machine is."""
    return (answers(turn, "said_s") - turn["routed_s"]) * 1000


def percentile(values, percent):
    values = sorted(values)
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


# ---- tests ----

@test
def answers_come_from_both_kinds_of_sockets():
    for service, at in ((Chat, chat_at), (Realtime, realtime_at)):
        with service() as there, Assistant({"hub": at(there.port)}) as here:
            for _ in range(2):
                turn = here.ask()
                assert words(turn) == "Short waves scatter more than long ones, so the sky looks blue to us.", turn
                assert turn["route"] == "cloud" and not turn["trouble"], turn


@test
def a_tool_of_the_device_is_used_from_outside():
    script = Script(words=("Your timer ", "is running."), tool=("timer_set", '{"duration":"ten minutes"}'))
    with Chat(script) as there, Assistant({"hub": chat_at(there.port)}) as here:
        turn = here.ask("why do I always forget the eggs and could you help me with that, ten minutes would be fine")
        assert turn["tools"] == ["timer_set"] and words(turn) == "Your timer is running.", turn
        result = there.requests[-1]["messages"][-1]
        assert result["role"] == "tool" and "10 minutes" in result["content"], result


@test
def a_session_is_set_up_once_however_late_it_gets():
    with Realtime() as there, Assistant({"hub": realtime_at(there.port)}) as here:
        here.ask()
        here.wait(130)
        assert words(here.ask()).startswith("Short waves")
        sent = [message["type"] for message in there.requests]
        assert sent.count("response.create") == 2 and sent.count("session.update") == 1, sent


@test
def what_was_measured_is_known_to_the_next_command():
    state = WORK / "history.db"
    state.unlink(missing_ok=True)
    with Chat(Script(delay=0.3)) as there:
        provider = {"hub": chat_at(there.port)}
        for run in range(7):
            with Assistant(provider, state=str(state)) as here:
                here.ask()
            record = json.loads(why(state, "--json"))["features"]["providers"][0]
            assert record["samples"] == run, record
        assert 300 <= record["first_token_p50_ms"] < DEADLINE_MS, record
        assert "(of 6 turns, also of earlier runs)" in why(state)
        with Chat() as other, Assistant({"hub": chat_at(other.port)}, state=str(state)) as here:
            here.ask()
        assert json.loads(why(state, "--json"))["features"]["providers"][0]["samples"] == 0
    with Chat() as slow, Chat() as quick:
        slow.script = Script(delay=1.5)
        price = {"price": "{in: 4, out: 16}", "max_tokens": 4000}
        providers = {"cloud": chat_at(slow.port, deadline_ms=4000, **price), "hub": chat_at(quick.port, **price)}
        with Assistant(providers, state=str(state), cloud__hedge_ms=200) as here:
            here.ask()
    told = json.loads(linnet("ledger", "--json", "--state", state))["today"]
    assert told["open"] == 0 and 0 < told["estimated"] < 4000 * 16e-6 / 2, told


def linnet(*args):
    result = subprocess.run([LINNET, *map(str, args)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result
    return result.stdout


def why(state, *args):
    return linnet("why", "--state", state, *args)


FAULTS = ["refuse", "reset", "close", "silent", "slow:5000", "stall:0", "stall:150", "cut:1", "cut:150", "cut-reset:200",
          "garbage:0", "garbage:200", "huge:150", "cut-after:scatter", "stall-after:scatter", "garbage-after:scatter"]


def ends_well(turn, deadline_ms):
    """Something was said in time; an answer that had begun before the fault counts, however it goes on. Real time has
    room here, since the machine may be busy."""
    assert words(turn), turn
    assert decided(turn) <= deadline_ms + 50, f"{decided(turn):.0f} ms: {turn}"
    assert waited(turn) <= deadline_ms + 1000 * SLOWER, f"{waited(turn):.0f} ms: {turn}"


def suffer(at, port, fault):
    """One turn; the wait for its first words in ms."""
    with Assistant({"hub": at(port)}) as here:
        turn = here.ask()
    ends_well(turn, DEADLINE_MS)
    if "scatter" not in fault:
        assert words(turn).endswith("I can't reach the cloud right now."), (fault, turn)
    return waited(turn)


@test
def every_fault_ends_in_words_within_the_deadline():
    for service, at in ((Chat, chat_at), (Realtime, realtime_at)):
        with service() as there, FaultProxy(("127.0.0.1", there.port)) as proxy:
            for fault in FAULTS:
                proxy.fault = fault
                best = suffer(at, proxy.port, fault)
                for _ in range(4):
                    if best > DEADLINE_MS + 50:
                        best = min(best, suffer(at, proxy.port, fault))
                is_busy = os.getloadavg()[0] > 1.5 * os.cpu_count()
                assert best <= (DEADLINE_MS + (250 if is_busy else 50)) * SLOWER, (fault, best)
                proxy.fault = "none"


@test
def a_name_that_nobody_knows_ends_in_words():
    for at, scheme in ((chat_at, "https"), (realtime_at, "wss")):
        with Assistant({"hub": {**at(1), "url": f"{scheme}://nobody.invalid/v1"}}) as here:
            turn = here.ask()
            ends_well(turn, DEADLINE_MS)
            assert words(turn).endswith("I can't reach the cloud right now."), turn


@test
def a_wrong_certificate_ends_in_words():
    files = tls_files.make(WORK / "tls")
    for service, at, scheme in ((Chat, chat_at, "https"), (Realtime, realtime_at, "wss")):
        for name in ("good", "other_host", "expired", "unknown"):
            tls = files["server_context"](name)
            with service() as there, FaultProxy(("127.0.0.1", there.port), tls=tls) as proxy:
                place = {**at(1), "url": f'"{scheme}://localhost:{proxy.port}/v1"'}
                with Assistant({"hub": place}, cloud__ca_file=files["ca"]) as here:
                    turn = here.ask()
                ends_well(turn, DEADLINE_MS)
                assert ("Short waves" in words(turn)) == (name == "good"), (name, turn)
                assert bool(there.requests) == (name == "good"), (name, there.requests)


@test
def a_turn_cut_at_every_byte_ends_in_words():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for cuts, broken in pool.map(cut_everywhere, (Chat, Realtime), (chat_at, realtime_at)):
            print(f"# {cuts} places, {broken} turns without a whole answer")
            assert cuts > 500 / SLOWER and broken > cuts / 2, (cuts, broken)


@test
def an_answer_that_breaks_off_is_gone_on_with_elsewhere():
    rest = Script(words=("Short waves scatter ", "more, ", "says the other."))
    with Chat() as first, Chat(rest) as second, FaultProxy(("127.0.0.1", first.port), "cut-before:more than") as proxy:
        with Assistant({"cloud": chat_at(proxy.port), "hub": chat_at(second.port)}, cloud__hedge="no") as here:
            turn = here.ask()
            assert words(turn) == "Short waves scatter more, says the other.", turn
            spoken = second.requests[0]["messages"][-2]
            assert spoken["role"] == "assistant" and spoken["content"].strip() == "Short waves scatter", spoken


@test
def an_answer_that_the_device_gives_up_is_gone_on_with():
    """Its own answer is cut after a few tokens; what was said is told, and is not said again."""
    for rest in (("with two legs? ", "Lean beef."), ("What do you call ", "a cow with ", "two legs? ", "Lean beef.")):
        with Chat(Script(words=rest)) as there:
            with Assistant({"hub": chat_at(there.port)}, answer__tokens="6") as here:
                turn = here.ask("tell me a joke")
            spoken = there.requests[0]["messages"][-2]
            assert turn["said"][0].startswith("What do you call") and spoken["role"] == "assistant", turn
            whole = " ".join(turn["said"])
            assert whole == "What do you call a cow with two legs? Lean beef.", turn
            assert spoken["content"] and whole.startswith(spoken["content"]), (spoken, turn)
        with Assistant({"hub": chat_at(there.port)}, answer__tokens="6", routing="offline-first") as here:
            assert words(here.ask("tell me a joke")) == spoken["content"].strip()


@test
def a_wait_is_filled_once_and_only_when_it_is_long():
    filler = "Let me look that up."
    with Chat() as there, Assistant({"hub": chat_at(there.port, deadline_ms=4000)}, cloud__filler_ms="500") as here:
        assert filler not in here.ask()["said"]
        there.script = Script(delay=1.6)
        turn = here.ask()
        assert turn["said"][0] == filler and turn["said"].count(filler) == 1, turn
        assert words(turn).endswith("so the sky looks blue to us."), turn
        after = (turn["said_s"][0] - turn["routed_s"]) * 1000
        assert 500 <= after <= 550, after
        # It is no part of the answer: the next turn does not know of it.
        there.script = Script()
        here.ask()
        told = [message["content"] for message in there.requests[-1]["messages"]]
        assert not any(filler in text for text in told) and any("Short waves" in text for text in told), told


@test
def offline_first_and_private_mode_open_no_socket():
    with Chat() as there, FaultProxy(("127.0.0.1", there.port)) as proxy:
        with Assistant({"hub": chat_at(proxy.port)}, routing="offline-first") as here:
            assert words(here.ask()) == "I need the cloud for that."
        with Assistant({"hub": chat_at(proxy.port)}) as here:
            assert "nothing leaves" in words(here.ask("keep this private"))
            turn = here.ask()
            assert turn["route"] == "refused" and "I keep that on this device" in words(turn), turn
            assert proxy.connections == 0 and not there.requests
            assert "ask others again" in words(here.ask("you can stop being private"))
            assert words(here.ask()).startswith("Short waves")
            assert proxy.connections == 1


@test
def at_the_cap_it_is_refused_in_words():
    for options, provider in (({"budget__per_day": "0.07"}, {}), ({}, {"budget": 0.07})):
        with Chat() as there:
            price = {"price": "{in: 4, out: 16}"}
            there.usage = {"prompt_tokens": 4000, "completion_tokens": 100, "total_tokens": 4100}
            with Assistant({"hub": chat_at(there.port, **price, **provider)}, **options) as here:
                turns = [here.ask() for _ in range(6)]
                spent = len(there.requests) * (4000 * 4 + 100 * 16) / 1e6
                assert 0 < len(there.requests) < 6 and spent <= 0.07, (len(there.requests), spent)
                assert turns[-1]["route"] == "refused" and "budget" in words(turns[-1]), turns[-1]
    with Chat() as there, Assistant({"hub": chat_at(there.port, **price)}, budget__per_turn="0.001") as here:
        turn = here.ask()
        assert turn["route"] == "refused" and "budget" in words(turn) and not there.requests, turn


@test
def turns_under_random_faults_lose_none():
    chaos(int(os.environ.get("LINNET_CHAOS_TURNS", 1000 // SLOWER)), int(os.environ.get("LINNET_CHAOS_ENGINES", "20")))


@test
def decisions_under_faults_repeat_bit_for_bit():
    state = fresh("why.db")
    chaos(20, state=str(state))
    result = subprocess.run([LINNET, "why", "--check", "--state", state], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0 and result.stdout.endswith("decisions, 0 different\n"), result
    assert int(result.stdout.split()[0]) >= 20, result.stdout


@test
def a_hedge_saves_most_of_a_stall():
    with_hedge, without = hedge_figures(20)
    assert percentile(without, 95) > 1500 * 0.9, without
    assert percentile(without, 95) - percentile(with_hedge, 95) >= 750, (with_hedge, without)


@test
def the_first_words_sound_soon():
    sounds = sound_figures(6)
    assert percentile(sounds, 50) <= 150 * SLOWER, sounds


# ---- what tests and measurements share ----

def cut_everywhere(service, at):
    """The connection of a short turn ends at each byte from the server (at some, where all is slow); after two of these
    comes a whole one, since three failures in a row would have the provider left alone. (how many turns, how many had no
    whole answer)"""
    def take(fault):
        proxy.fault = fault
        proxy.hang_up()
        turn = here.ask()
        ends_well(turn, DEADLINE_MS)
        assert fault != "none" or words(turn) == "Short waves.", turn
        return words(turn)

    with service(Script(words=("Short waves.",), delay=0, gap=0)) as there, FaultProxy(("127.0.0.1", there.port)) as proxy:
        with Assistant({"hub": at(proxy.port)}) as here:
            take("none")
            places, broken = range(0, proxy.downloaded, int(SLOWER)), 0
            for turn, where in enumerate(places):
                broken += take(f"cut:{where}" if turn % 4 else f"cut-reset:{where}") != "Short waves."
                if turn % 2:
                    take("none")
    return len(places), broken


CHAOS = ["none"] * 10 + ["refuse", "reset", "close", "silent", "slow:300", "slow:5000", "trickle:2", "delay:100",
         "stall:0", "stall:200", "stall:600:900", "stall-after:scatter", "cut:150", "cut-reset:500", "cut-after:scatter",
         "garbage:0", "garbage:300", "garbage-after:scatter", "huge:400", "huge-after:scatter"]
PRICE = {"price": "{in: 4, out: 16}", "max_tokens": 200}
CAP = 0.5  # of every fourth engine: gone long before the last turn


def fresh(name):
    WORK.mkdir(parents=True, exist_ok=True)
    for left in WORK.glob(name + "*"):
        left.unlink()
    return WORK / name


class Engine:
    """One of several that suffer at the same time: two services, each behind a proxy whose fault changes at random, and
    for some a third that is asked last: a name that nobody knows, or a certificate of yesterday."""

    def __init__(self, number, turns, **options):
        self.dice = random.Random(f"{os.environ.get('LINNET_SEED', '1')}/{number}")
        self.number, self.turns, self.options = number, turns, dict(options)
        self.waits, self.outside, self.dear, self.before, self.after = [], 0, 0, None, None
        self.options.setdefault("state", str(fresh(f"chaos{number}.db")))  # in memory it grows by every turn
        self.cap = CAP if number % 4 == 3 else None
        if self.cap:
            self.options["budget__per_day"] = self.cap

    def places(self, stack, one, two):
        third = {}
        if self.number % 4 == 1:
            third = {"far": {**chat_at(1, **PRICE), "url": "https://nobody.invalid/v1"}}
        elif self.number % 4 == 2:
            files = tls_files.make(WORK / f"tls{self.number}")
            tls = FaultProxy(("127.0.0.1", one.port), tls=files["server_context"]("expired"))
            third = {"forged": {**chat_at(1, **PRICE), "url": f'"https://localhost:{stack.enter_context(tls).port}/v1"'}}
            self.options["cloud__ca_file"] = files["ca"]
        self.proxies = [stack.enter_context(FaultProxy(("127.0.0.1", there.port))) for there in (one, two)]
        return {"cloud": realtime_at(self.proxies[1].port, **PRICE), "hub": chat_at(self.proxies[0].port, **PRICE), **third}

    def billed(self):
        return (self.one.billed() * 4 + self.two.billed() * 4) / 1e6

    def turn(self, here):
        for proxy in self.proxies:
            proxy.fault = self.dice.choice(CHAOS)
            if self.dice.random() < 0.5:
                proxy.hang_up()  # what stays connected keeps its fault
        here.wait(self.dice.choice([0, 0, 0, 15, 100]))  # breakers close again
        turn = here.ask()
        ends_well(turn, 3 * DEADLINE_MS)
        self.waits.append(waited(turn))
        self.outside += "Short waves" in words(turn)
        self.dear += "budget" in words(turn)
        assert self.cap is None or self.billed() <= self.cap, (self.billed(), turn)

    def suffer(self):
        with contextlib.ExitStack() as stack:
            self.one, self.two = stack.enter_context(Chat()), stack.enter_context(Realtime())
            here = stack.enter_context(Assistant(self.places(stack, self.one, self.two), **self.options))
            for number in range(self.turns):
                self.turn(here)
                if number == self.turns // 4:
                    self.before = here.costs()
            self.after = here.costs()
        return self


def chaos(turns, engines=1, **options):
    """Nothing is lost; no cap is passed; a quarter of the turns needs as much as all of them (but for what a huge frame
    has taken, a connection that is just open, a lookup)."""
    with concurrent.futures.ThreadPoolExecutor(engines) as pool:
        suffered = list(pool.map(lambda n: Engine(n, turns // engines, **options).suffer(), range(engines)))
    for engine in suffered:
        print(f"# {engine.turns} turns over {sum(proxy.connections for proxy in engine.proxies)} connections, "
              f"{engine.outside} from outside, {engine.dear} too dear, {engine.billed():.4f} billed of {engine.cap}, "
              f"{engine.before} -> {engine.after} KiB, files, threads; most waited {max(engine.waits):.0f} ms", flush=True)
        grown = [after - before for before, after in zip(engine.before, engine.after)]
        assert grown[0] < 20_000 * SLOWER and grown[1] <= 4 and grown[2] <= 4, grown
    return suffered


def hedge_figures(turns):
    """ms until the first words, with and without a hedge, when one turn in four stalls for 1.5 s."""
    figures = []
    for hedge in ("yes", "no"):
        with Chat() as slow, Chat() as other:
            providers = {"cloud": chat_at(slow.port, deadline_ms=4000), "hub": chat_at(other.port)}
            with Assistant(providers, cloud__hedge=hedge, cloud__filler_ms=60000) as here:
                waits = []
                for _ in range(6):  # until its usual time is known
                    here.ask()
                for n in range(turns):
                    slow.script = Script(delay=1.7 if n % 4 == 3 else 0.2)
                    waits.append(waited(here.ask()))
        figures.append(waits)
    return figures


def sound_figures(turns, service=Chat, at=chat_at):
    """ms between the service's first token and the first sample of the voice."""
    with service() as there, Assistant({"hub": at(there.port)}) as here:
        sounds = []
        for _ in range(turns):
            turn = here.ask()
            sounds.append(turn["sound_ms"] - there.first_token_ms[-1])
        return sounds


def dead_figures(turns):
    with Chat() as there, FaultProxy(("127.0.0.1", there.port), "silent") as proxy:
        waits = []
        for _ in range(turns):
            with Assistant({"hub": chat_at(proxy.port)}) as here:
                waits.append(waited(here.ask()) - DEADLINE_MS)
        return waits


def measure(turns):
    def line(name, values):
        print(f"{name}: p50 {percentile(values, 50):.0f}, p95 {percentile(values, 95):.0f}, most {max(values):.0f} ms "
              f"({len(values)} turns)", flush=True)

    line("first sound after the first token, chat", sound_figures(turns))
    line("first sound after the first token, realtime", sound_figures(turns, Realtime, realtime_at))
    with_hedge, without = hedge_figures(turns)
    line("first words, a stall of 1.5 s every fourth turn, hedged", with_hedge)
    line("the same, not hedged", without)
    line("beyond the deadline of a silent provider", dead_figures(turns))
    engine, = chaos(5 * turns)
    line(f"first words under random faults ({engine.outside} answered from outside)", engine.waits)


if len(sys.argv) > 4 and sys.argv[4] == "--measure":
    measure(int(sys.argv[5]) if len(sys.argv) > 5 else 20)
else:
    test.run(sys.argv[4:])
