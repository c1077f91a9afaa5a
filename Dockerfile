FROM golang:1.26-bookworm AS build
WORKDIR /src
ENV CGO_ENABLED=0 GOTOOLCHAIN=local
COPY go.mod go.sum ./
COPY app/ app/
ARG VERSION=dev
ARG COMMIT=unknown
# The fixed time makes the layer of the final image depend on the source only.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=${VERSION} -X main.commit=${COMMIT}" -o /out/app ./app \
    && touch -d @0 /out/app /out

FROM scratch
ARG VERSION=dev
ARG COMMIT=unknown
LABEL org.opencontainers.image.title="yces" \
      org.opencontainers.image.description="QR codes and barcodes over HTTP" \
      org.opencontainers.image.source="https://github.com/ycesproject/yces" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"
COPY --from=build /out/app /app
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=2s --start-period=3s --retries=3 CMD ["/app", "healthcheck"]
ENTRYPOINT ["/app"]
