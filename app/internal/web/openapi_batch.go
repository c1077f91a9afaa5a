package web

import "github.com/ycesproject/yces/app/internal/symbol"

// batchPath describes POST /api/v1/batch.
func batchPath() object {
	shared := []parameter{
		{name: columnSymbology, description: "The symbology of rows that name none.", schema: object{"type": "string", "enum": symbologyNames(), "default": symbol.Encoders[0].Name}, example: "qr"},
		{name: columnFormat, description: "The format of rows that name none.", schema: object{"type": "string", "enum": formatNames(), "default": "png"}, example: "svg"},
		{name: "bad", description: "skip: bad rows are left out, and the report says why. refuse: nothing is made unless every row is right.", schema: object{"type": "string", "enum": []string{"skip", "refuse"}, "default": "skip"}, example: "skip"},
		{name: "sheet", description: "Labels to print, all on one sheet; the column caption is the text below a symbol. With bad=refuse the answer is the PDF, otherwise an archive with labels.pdf and the report.", schema: object{"type": "string", "enum": gridNames()}, example: grids[0].Name},
	}
	query, properties := []object{}, object{"file": object{"type": "string", "contentMediaType": "text/csv"}}
	for _, p := range shared {
		query = append(query, object{"name": p.name, "in": "query", "description": p.description, "schema": p.schema, "example": p.example})
		properties[p.name] = p.schema
	}
	o := operation("Many at once", "postBatch", "Many symbols from a CSV file", answer("A ZIP archive, sent as it is made; its last file, report.csv, has a line for every row.", "application/zip", object{"type": "string", "contentMediaType": "application/zip"}))
	o["responses"].(object)["200"].(object)["content"].(object)["application/pdf"] = object{"schema": object{"type": "string", "contentMediaType": "application/pdf"}}
	o["description"] = "The file's first line names the columns: parameters of a symbol, symbology, format, name for the picture's file name, and caption. Commas, semicolons or tabs separate them. Parameters in the address, or in other parts of the form, hold for all rows whose cell is empty."
	o["parameters"] = query
	o["requestBody"] = object{"required": true, "content": object{
		"text/csv":            object{"schema": object{"type": "string"}, "example": "name,data\nfirst,https://example.org/1\nsecond,https://example.org/2\n"},
		"multipart/form-data": object{"schema": object{"type": "object", "required": []string{"file"}, "properties": properties, "additionalProperties": object{"type": "string"}}},
	}}
	addFaults(o, 400, 413, 415, 429, 503)
	return object{"post": o}
}

// scanPath describes POST /api/v1/scan.
func scanPath() object {
	text := object{"type": "string"}
	symbols := object{"type": "array", "items": object{"type": "object", "required": []string{"symbology", "text", "corners"}, "properties": object{
		"symbology": text, "text": text,
		"bytes":   object{"type": "string", "contentEncoding": "base64", "description": "What a symbol carries that is no text."},
		"corners": object{"type": "array", "description": "Where it is, in pixels of the picture.", "items": object{"type": "object", "properties": object{"x": object{"type": "number"}, "y": object{"type": "number"}}}},
	}}}
	picture := object{"type": "string", "contentMediaType": "image/*"}
	o := operation("Reading", "postScan", "The symbols in a picture", answer("What was read; none, where there is none.", "application/json", object{"type": "object", "required": []string{"symbols"}, "properties": object{"symbols": symbols}}))
	o["parameters"] = []object{{"name": "symbologies", "in": "query", "description": "What to look for, separated by commas; without it whatever reads surely.", "schema": text}}
	o["requestBody"] = object{"required": true, "content": object{
		"image/*":             object{"schema": picture},
		"multipart/form-data": object{"schema": object{"type": "object", "required": []string{"image"}, "properties": object{"image": picture, "symbologies": text}}},
	}}
	addFaults(o, 400, 413, 415, 422, 429, 503)
	return object{"post": o}
}
