.DEFAULT_GOAL := help
CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/yces
TOOLS := $(CACHE)/bin

.PHONY: help
help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: check
check: lint unit ## format, lint and unit tests: the fast lane

.PHONY: lint
lint: $(TOOLS)/golangci-lint
	$(TOOLS)/golangci-lint fmt --diff
	$(TOOLS)/golangci-lint run ./...

.PHONY: unit
unit:
	go test ./...

$(TOOLS)/golangci-lint: .ci/tools/go.mod .ci/tools/go.sum
	mkdir -p $(TOOLS)
	cd .ci/tools && go build -p 1 -o $(TOOLS)/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint golang.org/x/tools/cmd/deadcode
