# Every target sets up what it needs by itself; a second run finds the stamps under build/ and is quick.

BIN := .venv/bin
READY := build/.ready
NATIVE := $(wildcard src/offhook/media/native/*.[ch])

# package of Debian:program that it brings
SPEECH := espeak-ng:espeak-ng
# clang with libFuzzer, for what is native
FUZZER := 'clang libclang-rt-dev:clang'
# codecs of wide sound
LIBRARIES := /usr/lib/$(shell cc -print-multiarch)
CODECS := libopus0:$(LIBRARIES)/libopus.so.0 libspandsp2:$(LIBRARIES)/libspandsp.so.2
PEERS := $(SPEECH) $(CODECS) $(FUZZER) sip-tester:sipp baresip:baresip kamailio:kamailio libsrtp2-dev:/usr/include/srtp2/srtp.h \
	linphone-cli:linphonec dnsmasq-base:dnsmasq
BENCH_PEERS := $(PEERS) rtpengine-daemon:rtpengine \
	kamailio-tls-modules:/usr/lib/x86_64-linux-gnu/kamailio/modules/tls.so
UNIT_TESTS := $(wildcard tests/unit tests/machines tests/twiml tests/contract tests/scenario)

# of make fuzz
TARGET := endpoint
SECONDS := 600

.PHONY: help demo test fuzz check serve bench lock clean

help:
	@echo 'make demo    one real call: offhook, a sample application and a scripted SIP phone'
	@echo 'make test    every test, with real SIP peers'
	@echo 'make fuzz    search one part for faults: TARGET=message|stream|endpoint|sdp|rtp|native SECONDS=600'
	@echo 'make check   format, lint, types, import rules, generated files, unit tests'
	@echo 'make serve   run the platform on its defaults'
	@echo 'make bench   measure against real peers; the table also goes to build/bench.json'
	@echo 'make lock    write requirements.lock from what .venv holds'
	@echo 'make clean   remove .venv and build'

demo: $(READY)
	@$(BIN)/python -m demo

test: $(READY)
	@tools/install_peers.sh $(PEERS)
	@PYTHON=$(BIN)/python tools/install_bots.sh
	$(BIN)/pytest -q tests

fuzz: $(READY)
	@tools/install_peers.sh $(FUZZER) $(CODECS)
	$(BIN)/python tests/fuzz/fuzzing.py $(TARGET) $(SECONDS)

check: $(READY)
	@tools/install_peers.sh $(SPEECH) $(CODECS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@set -e; for tool in tools/*.py; do $(BIN)/python $$tool --check; done
	$(BIN)/pytest -q -m "not slow" $(UNIT_TESTS)

serve: $(READY)
	@$(BIN)/offhook serve

bench: $(READY)
	@tools/install_peers.sh $(BENCH_PEERS)
	@$(BIN)/python -m bench

lock: $(READY)
	@$(BIN)/python tools/generate_lock.py

clean:
	rm -rf .venv build

$(READY): pyproject.toml setup.py requirements.lock tools/make_environment.sh $(NATIVE)
	@tools/make_environment.sh
	@mkdir -p build
	@touch $@
