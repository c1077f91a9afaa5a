.DEFAULT_GOAL := help
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/yces
# Tools are kept by what they are made of: the files of a fresh clone are newer
# than any tool, and say nothing.
key = $(shell cat $(1) | sha256sum | cut -c 1-12)
TOOLS := $(CACHE)/bin/$(call key,.ci/tools/go.mod .ci/tools/go.sum .ci/tools/licences/main.go)
PULUMI_CLI := $(CACHE)/bin/pulumi-$(call key,.ci/pulumi/go.mod .ci/pulumi/go.sum)/pulumi
GROOVYLINT := $(CACHE)/groovylint-$(call key,.ci/groovylint/package-lock.json)
# What is linted and tested; the pipeline's own tests narrow it.
PACKAGES ?= ./...
# Where the demo answers: http://127.0.0.1:HTTP_PORT.
HTTP_PORT ?= 8080
VERSION ?= $(or $(shell git describe --tags --always --dirty 2>/dev/null),dev)
COMMIT ?= $(or $(shell git rev-parse HEAD 2>/dev/null),unknown)

# Machines run the test binaries too, so they are static; and what is compiled
# once serves every target.
export CGO_ENABLED := 0

.PHONY: help
help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: demo
demo: demo-engine build ## three machines on this one, a swarm, and the service on it
	bin/swarmctl local up --http-port $(HTTP_PORT)
	VERSION=$(VERSION) COMMIT=$(COMMIT) bin/swarmctl -t local deploy
	@echo
	@bin/swarmctl -t local status
	@echo
	@echo "The service answers at http://127.0.0.1:$(HTTP_PORT). Change app/ and run 'bin/swarmctl deploy'; 'make demo-down' removes it all."

.PHONY: demo-down
demo-down: build ## remove what demo made
	bin/swarmctl local down

.PHONY: demo-engine
demo-engine:
	.ci/setup.sh demo
	.ci/base-images.sh

.PHONY: build
build: ## build swarmctl into bin/
	go build -o bin/ ./swarmctl

.PHONY: check
check: lint licences unit ## format, lint and unit tests: the fast lane

.PHONY: test
test: test-engine lint licences jenkinsfile everything ## everything, as CI runs it

.PHONY: lint
lint: $(TOOLS)/golangci-lint
	go mod tidy -diff
	$(TOOLS)/golangci-lint fmt --diff
	$(TOOLS)/golangci-lint run --allow-parallel-runners $(PACKAGES)
	@test '$(PACKAGES)' = ./... || exit 0; dead=$$($(TOOLS)/deadcode -test -tags integration,browser ./...) && test -z "$$dead" || { echo "dead code:"; echo "$$dead"; exit 1; }

.PHONY: unit
unit:
	go test $(PACKAGES)

# What the pipeline keeps of a run: JUnit results and coverage.
.PHONY: report
report: $(TOOLS)/gotestsum ## unit tests, with results and coverage in out/
	mkdir -p out
	$(TOOLS)/gotestsum --format pkgname --junitfile out/tests.xml -- -coverprofile out/coverage.out $(PACKAGES)

.PHONY: licences
licences: $(TOOLS)/licences ## the licence of every module that we ship
	mkdir -p out
	$(TOOLS)/licences ./app ./swarmctl >out/licences.txt

.PHONY: jenkinsfile
jenkinsfile: $(GROOVYLINT)/package-lock.json ## lint the Jenkinsfile; what runs it is among the integration tests
	$(GROOVYLINT)/node_modules/.bin/npm-groovy-lint --noserver --no-insight --failon error Jenkinsfile </dev/null

$(GROOVYLINT)/package-lock.json:
	mkdir -p $(@D)
	cp .ci/groovylint/package.json $(@D)
	cp .ci/groovylint/package-lock.json $(@D)/npm-shrinkwrap.json
	cd $(@D) && npm ci --silent --ignore-scripts --no-audit --no-fund
	mv $(@D)/npm-shrinkwrap.json $@

# Two packages at a time: each makes machines of its own, and waits for them
# most of its time. Those that wait longest come first.
LONGEST := ./swarmctl ./provision/internal/jenkins/harness ./app/internal/web ./app/internal/scan ./app/internal/render
MACHINES := go test -count 1 -p 2 -parallel 3 -timeout 60m

# What the provisioning program cost to build, with a warm cache, is in out/.
.PHONY: everything
everything: test-engine $(PULUMI_CLI)
	mkdir -p out
	PULUMI=$(PULUMI_CLI) PROVISION_COST=$(CURDIR)/out/provision-build.txt $(MACHINES) -tags integration,browser $(LONGEST) ./...
	@cat out/provision-build.txt

.PHONY: integration
integration: test-engine $(PULUMI_CLI) ## tests on machines as containers
	PULUMI=$(PULUMI_CLI) $(MACHINES) -tags integration $(LONGEST) ./...

.PHONY: browser
browser: test-engine ## tests in a real browser
	go test -tags browser -count 1 -timeout 15m ./app/internal/web/

# The times are those of production: ten releases take a quarter of an hour.
.PHONY: soak
soak: test-engine ## ten releases under constant load, with production's times
	SOAK_DEPLOYS=10 go test -tags integration -count 1 -timeout 90m -run TestService -v ./swarmctl/

.PHONY: bench
bench: test-engine ## comparisons with peers, each in one run
	.ci/setup.sh bench
	go run ./app/internal/compare
	go test -run '^$$' -bench . -benchmem ./app/...
	go test -tags integration -run '^$$' -bench . -benchtime 5x -timeout 30m ./swarmctl/

# A quarter of an hour: the first pulumi up on a machine pays most of it.
.PHONY: provision-cost
provision-cost: ## time and memory of compiling provision/, from an empty cache
	nice go run ./provision/internal/buildcost

.PHONY: test-engine
test-engine:
	.ci/setup.sh
	.ci/base-images.sh

.PHONY: tools
tools: $(TOOLS)/licences
	@echo $(TOOLS)

$(TOOLS)/golangci-lint $(TOOLS)/gotestsum $(TOOLS)/licences &:
	mkdir -p $(TOOLS)
	cd .ci/tools && go build -p 1 -o $(TOOLS)/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint golang.org/x/tools/cmd/deadcode golang.org/x/vuln/cmd/govulncheck gotest.tools/gotestsum ./licences

# The version is what the command says of itself, and what backends and
# providers ask it for.
PULUMI_VERSION = $(shell sed -n 's,^require github.com/pulumi/pulumi/pkg/v3 ,,p' .ci/pulumi/go.mod)
$(PULUMI_CLI):
	mkdir -p $(@D)
	cd .ci/pulumi && go build -p 1 -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=$(PULUMI_VERSION)" -o $@ github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
