package web

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/ycesproject/yces/app/internal/render"
	"github.com/ycesproject/yces/app/internal/symbol"
)

// The OpenAPI document is made of the same tables as the answers: symbologies,
// kinds of content, formats and parameters. Objects of it are maps, which JSON
// writes in the order of their keys: the same program writes the same bytes.

type object = map[string]any

// apiDocument returns the document.
func apiDocument(build Build) ([]byte, error) {
	document := object{
		"openapi": "3.1.0",
		"info": object{
			"title":       "QR codes and barcodes",
			"version":     build.Version,
			"description": "Makes QR codes and barcodes. Every symbol is read back by an independent decoder before it is sent; nothing is stored.",
			"license":     object{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers":    []object{{"url": "/"}},
		"tags":       apiTags(),
		"paths":      apiPaths(),
		"components": object{"schemas": apiSchemas(), "responses": apiResponses(), "headers": apiHeaders()},
	}
	body, err := json.MarshalIndent(document, "", " ")
	if err != nil {
		return nil, fmt.Errorf("write openapi document: %w", err)
	}
	return append(body, '\n'), nil
}

func apiTags() []object {
	tags := make([]object, 0, len(symbol.Groups)+2)
	for _, g := range symbol.Groups {
		tags = append(tags, object{"name": string(g)})
	}
	return append(tags, object{"name": "Many at once"}, object{"name": "Reading"}, object{"name": "Operation"})
}

func apiPaths() object {
	paths := object{
		"/api/v1/batch":     batchPath(),
		"/api/v1/scan":      scanPath(),
		"/api/openapi.json": object{"get": operation("Operation", "getOpenAPI", "This document", answer("The OpenAPI document.", "application/json", object{"type": "object"}))},
		"/healthz":          object{"get": operation("Operation", "getHealth", "Whether the process answers", answer("It does.", "text/plain", object{"type": "string"}))},
		"/readyz":           object{"get": readiness()},
		"/version":          object{"get": operation("Operation", "getVersion", "What runs here", answer("Version, commit, digest of the program, host.", "application/json", object{"type": "object", "additionalProperties": object{"type": "string"}}))},
	}
	for _, e := range symbol.Encoders {
		paths["/api/v1/"+e.Name+".{format}"] = object{
			"parameters": []object{formatParameter()},
			"get":        getOperation(e),
			"post":       postOperation(e),
		}
	}
	return paths
}

func readiness() object {
	ready := operation("Operation", "getReadiness", "Whether to send requests here", answer("Send them.", "text/plain", object{"type": "string"}))
	ready["responses"].(object)["503"] = answer("The process is about to end.", "text/plain", object{"type": "string"})
	return ready
}

func operation(tag, id, summary string, ok object) object {
	return object{"tags": []string{tag}, "operationId": id, "summary": summary, "responses": object{"200": ok}}
}

func answer(description, mediaType string, schema object) object {
	return object{"description": description, "content": object{mediaType: object{"schema": schema}}}
}

func formatParameter() object {
	return object{"name": "format", "in": "path", "required": true, "schema": object{"type": "string", "enum": formatNames()}, "example": render.Formats[0].Name}
}

func getOperation(e symbol.Encoder) object {
	query := make([]object, 0, 64)
	for _, p := range parametersOf(e) {
		if p.bodyOnly {
			continue
		}
		in := object{"name": p.name, "in": "query", "description": p.description, "schema": p.schema}
		if p.example != nil {
			in["example"] = p.example
		}
		query = append(query, in)
	}
	o := operation(string(e.Group), operationID("get", e), e.Title, pictureAnswer())
	o["description"] = e.Hint
	o["parameters"] = query
	addFaults(o, 400, 404, 429, 503)
	o["responses"].(object)["304"] = object{"description": "What If-None-Match names is still right."}
	return o
}

func postOperation(e symbol.Encoder) object {
	text, parts := object{}, object{}
	for _, p := range parametersOf(e) {
		schema := object{"description": p.description}
		maps.Copy(schema, p.schema)
		parts[p.name] = schema
		if p.name != "logo" {
			text[p.name] = schema
		}
	}
	schema := func(properties object) object {
		return object{"type": "object", "properties": properties, "additionalProperties": false}
	}
	o := operation(string(e.Group), operationID("post", e), e.Title+", with content that must not stand in an address", pictureAnswer())
	o["description"] = e.Hint
	o["requestBody"] = object{"required": true, "content": object{
		"application/json":                  object{"schema": schema(text), "examples": bodiesFor(e)},
		"application/x-www-form-urlencoded": object{"schema": schema(text), "examples": bodiesFor(e)},
		"multipart/form-data":               object{"schema": schema(parts)},
	}}
	addFaults(o, 400, 404, 413, 415, 429, 503)
	return o
}

// operationID is a name in the style of programs: getGs1128.
func operationID(method string, e symbol.Encoder) string {
	name := strings.ReplaceAll(e.Name, "-", "")
	return method + strings.ToUpper(name[:1]) + name[1:]
}

func pictureAnswer() object {
	content := object{}
	for _, f := range render.Formats {
		content[f.MediaType] = object{"schema": object{"type": "string", "contentMediaType": f.MediaType}}
	}
	headers := object{}
	for name, component := range map[string]string{"ETag": "ETag", "Cache-Control": "CacheControl", "RateLimit": "RateLimit", "RateLimit-Policy": "RateLimitPolicy"} {
		headers[name] = reference("headers", component)
	}
	return object{"description": "The picture.", "headers": headers, "content": content}
}

func reference(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

func addFaults(o object, statuses ...int) {
	for _, status := range append(statuses, http.StatusInternalServerError) {
		o["responses"].(object)[fmt.Sprint(status)] = reference("responses", responseName(status))
	}
}

// serveOpenAPI answers GET /api/openapi.json.
func (a *App) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	sendPicture(w, r, a.openapi, []string{"public, max-age=300"})
}

// apiStatuses are the answers that are no success, with what each means.
var apiStatuses = []struct {
	Status  int
	Meaning string
}{
	{400, "The request has faults; all of them are listed by field."},
	{404, "There is no such symbology or format."},
	{413, "The body is too large."},
	{415, "The body is of none of the kinds that are read here."},
	{422, "The picture cannot be read, or not in time."},
	{429, "The client sent too many requests; Retry-After says when to come back."},
	{500, "The fault is ours; X-Request-Id leads us to it."},
	{503, "Too much is being made at this moment; Retry-After says when to come back."},
}

func responseName(status int) string {
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

func apiResponses() object {
	responses := object{}
	for _, s := range apiStatuses {
		response := answer(s.Meaning, "application/problem+json", reference("schemas", "Problem"))
		if slices.Contains([]int{429, 503}, s.Status) {
			response["headers"] = object{"Retry-After": reference("headers", "RetryAfter")}
		}
		responses[responseName(s.Status)] = response
	}
	return responses
}

func apiHeaders() object {
	header := func(description, kind string) object {
		return object{"description": description, "schema": object{"type": kind}}
	}
	return object{
		"ETag":            header("Names these very bytes; send it back in If-None-Match.", "string"),
		"CacheControl":    header("GET: public, for a day. POST: no-store.", "string"),
		"RateLimit":       header("What is left of the quota (r) and in how many seconds it is whole again (t); absent where there is no limit.", "string"),
		"RateLimitPolicy": header("The quota (q) and the seconds in which it comes back (w).", "string"),
		"RetryAfter":      header("Seconds to wait.", "integer"),
	}
}

func apiSchemas() object {
	text := object{"type": "string"}
	return object{
		"Problem": object{
			"type": "object", "description": "A problem document by RFC 9457.", "required": []string{"title", "status"},
			"properties": object{
				"title": text, "status": object{"type": "integer"}, "detail": text,
				"errors": object{"type": "array", "description": "Every fault of the request.", "items": reference("schemas", "Fault")},
			},
		},
		"Fault": object{
			"type": "object", "required": []string{"field", "detail"},
			"properties": object{
				"field":  object{"type": "string", "description": "The parameter."},
				"detail": object{"type": "string", "description": "What it must be, and what it was."},
			},
		},
	}
}
