package inventory

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// shape compares a decoded document with the Go type that it is meant for.
// What does not fit is a fault, named by its field, and left out of what it
// returns: so that all of them show at once, where encoding/json stops at the
// first and names it in terms of Go.
func shape(f *faults, field string, value any, want reflect.Type) any {
	if value == nil {
		return nil
	}
	switch want.Kind() {
	case reflect.Pointer:
		return shape(f, field, value, want.Elem())
	case reflect.Struct:
		return shapeObject(f, field, value, want)
	case reflect.Slice:
		return shapeList(f, field, value, want.Elem())
	case reflect.Map:
		return shapeMap(f, field, value, want.Elem())
	case reflect.Int:
		if n, ok := value.(json.Number); ok {
			if _, err := strconv.Atoi(n.String()); err == nil {
				return value
			}
		}
		f.add(field, "must be a whole number, got %s", written(value))
	default:
		if _, ok := value.(string); ok {
			return value
		}
		f.add(field, "must be a string, got %s", written(value))
	}
	return nil
}

func shapeObject(f *faults, field string, value any, want reflect.Type) any {
	object, ok := value.(map[string]any)
	if !ok {
		f.add(field, "must be a mapping, got %s", written(value))
		return nil
	}
	known := map[string]reflect.Type{}
	for i := range want.NumField() {
		key, _, _ := strings.Cut(want.Field(i).Tag.Get("json"), ",")
		known[key] = want.Field(i).Type
	}
	result := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		t, ok := known[key]
		if !ok {
			f.add(join(field, key), "there is no such key; known: %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
			continue
		}
		result[key] = shape(f, join(field, key), object[key], t)
	}
	return result
}

func shapeList(f *faults, field string, value any, want reflect.Type) any {
	list, ok := value.([]any)
	if !ok {
		f.add(field, "must be a list, got %s", written(value))
		return nil
	}
	result := make([]any, len(list))
	for i, item := range list {
		result[i] = shape(f, fmt.Sprintf("%s[%d]", field, i), item, want)
	}
	return result
}

func shapeMap(f *faults, field string, value any, want reflect.Type) any {
	object, ok := value.(map[string]any)
	if !ok {
		f.add(field, "must be a mapping, got %s", written(value))
		return nil
	}
	result := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		result[key] = shape(f, join(field, key), object[key], want)
	}
	return result
}

func join(field, key string) string {
	if field == "" {
		return key
	}
	return field + "." + key
}

// written is the value as it stands in the document, short.
func written(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return fmt.Sprintf("%.40s", text)
}
