# The first target is the one a newcomer needs: a ZooKeeper server on port 2181.
# Everything but bench and interop needs Go alone.

GO       ?= go
FUZZTIME ?= 60s
TOOLS    := $(CURDIR)/bin/tools
SHELL    := /bin/bash

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.8.0

# The packages that Go alone can test: the foreign clients and servers stay out.
PACKAGES = $$($(GO) list ./... | grep -v '/interop/')
# The packages that start goroutines, or are called by several.
RACY = $$(grep -rlE --include='*.go' '^[[:space:]]*go (func|[a-zA-Z])|sync/atomic|"sync"' . \
	| grep -v '^./interop/' | xargs -r -n1 dirname | sort -u)

# The tests of calls whose context ends. make test gives them a second each, for busy machines.
CANCELLED = 'Cancel|GiveUp|EveryRequestOfACall'

.PHONY: man run build test race fuzz mutants lint bench interop interop-ensemble suites check clean

run: build
	./bin/quoll server

build:
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/quoll ./cmd/quoll

# With the flags of the binary: a make run behind it finds everything compiled.
test:
	CGO_ENABLED=0 $(GO) test -trimpath -timeout 5m $(PACKAGES)

race:
	CGO_ENABLED=1 $(GO) test -race -timeout 15m $(RACY)

# Each Fuzz function of the tree, one after the other.
fuzz:
	@set -euo pipefail; \
	grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | \
	while IFS=: read -r file _ text; do \
		name=$${text#func }; \
		echo "== $$(dirname $$file) $$name"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$(dirname $$file)" </dev/null; \
	done

# Breaks an ensemble in one place after the other, and wants the named test to fail each time.
mutants:
	$(GO) test -count=1 -timeout 30m -v -run '^TestMutants$$' ./internal/mutants -mutants

lint: $(TOOLS)/staticcheck $(TOOLS)/govulncheck
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt -w is due: $$unformatted"; exit 1; fi
	$(GO) mod tidy -diff
	$(GO) vet ./...
	$(TOOLS)/staticcheck ./...
	@TOOLS=$(TOOLS) .ci/vulnerabilities

# A tool is rebuilt when its version changes here.
$(TOOLS)/staticcheck $(TOOLS)/govulncheck: Makefile
	GOBIN=$(TOOLS) $(GO) install $(if $(findstring staticcheck,$@),$(STATICCHECK),$(GOVULNCHECK))
	@touch $@

# Needs Java, for Apache's side of the comparison.
bench: build
	QUOLL=$(CURDIR)/bin/quoll $(GO) run ./interop/bench
	QUOLL=$(CURDIR)/bin/quoll $(GO) run ./interop/bench -members 3
	QUOLL=$(CURDIR)/bin/quoll $(GO) run ./interop/bench -snap 1000000

# Needs Java with Maven, Python, Node, a C compiler and strace; the clients are installed by name. The
# matrix of clients writes the table of the README. Then Apache is the oracle: one program of requests
# to both servers, one directory through both; Quoll is killed under load, starts beside servers that
# run, and, where root may mount, runs on a disk that fails a flush. Each of the last five has longer
# forms, see its -h. strace shows that each flush is there. Then clients are cut off while the server
# does not read from them, where root may make network namespaces. The Go client's recipes are
# contended for while connections break, and together with Curator and kazoo, and whoever gives up has
# 100 ms to leave. At the end ensembles of Apache's servers and ours lose members under load.
interop: build
	$(GO) run ./interop/cmd/interop -server quoll -quoll bin/quoll \
		-json interop/results.json -readme README.md
	QUOLL=$(CURDIR)/bin/quoll $(GO) test -count=1 -timeout 10m ./interop/...
	$(GO) run ./interop/differential -quoll bin/quoll -seed 1 -requests 10000
	$(GO) run ./interop/disk -quoll bin/quoll -rounds 2 -nodes 5000
	$(GO) run ./interop/crash -quoll bin/quoll -loops 5 -clients 8
	$(GO) run ./interop/owner -quoll bin/quoll -rounds 1
	cd interop/flush && $(GO) run . -quoll $(CURDIR)/bin/quoll -rounds 4
	$(GO) run ./interop/crash/flushes -quoll bin/quoll
	$(GO) run ./interop/crash/syncs -quoll bin/quoll -writes 200
	$(GO) run ./interop/silence -quoll bin/quoll
	$(GO) run ./interop/recipes -quoll bin/quoll -operations 1000 -stops 1
	$(GO) run ./interop/contend -quoll bin/quoll -seconds 2
	$(GO) test -count=1 -timeout 5m -p 1 ./client ./client/recipes -run $(CANCELLED) -args -cancel=100ms
	$(GO) run ./interop/ensemble -quoll bin/quoll -short

# The ensembles of Apache's servers and ours at length: 30 rounds of members that are killed and come
# back in every way, then attacks on the ports between members.
interop-ensemble: build
	$(GO) run ./interop/ensemble -quoll bin/quoll -all
	$(GO) run ./interop/ensemble -quoll bin/quoll -attacks :

# The tests that kazoo and go-zookeeper have of themselves, with three of our servers. Needs Python.
suites: build
	$(GO) run ./interop/suites -quoll bin/quoll

# A man page a verb, in bin/man. quoll completion bash|zsh|fish writes the completions.
man:
	$(GO) run ./internal/shell/man bin/man

check: lint test

clean:
	rm -rf bin
