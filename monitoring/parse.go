package monitoring

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// ParseSettings reads a settings file (YAML or JSON), fills in the defaults and
// validates it. Its error lists every fault, by field.
func ParseSettings(text []byte) (Settings, error) {
	doc, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return Settings{}, fmt.Errorf("read settings: %w", err)
	}
	var tree map[string]json.RawMessage
	if err := json.Unmarshal(doc, &tree); err != nil {
		return Settings{}, errors.New("read settings: must be a mapping")
	}
	var s Settings
	var f faults
	decode(&f, "", tree, reflect.ValueOf(&s).Elem())
	if len(f) > 0 {
		return Settings{}, f.join()
	}
	s.applyDefaults()
	return s, s.check().join()
}

// decode fills the struct field by field, so that every wrong key and every
// value of the wrong kind is named, where encoding/json stops at the first.
func decode(f *faults, path string, tree map[string]json.RawMessage, into reflect.Value) {
	fields := map[string]reflect.Value{}
	for i := range into.NumField() {
		key, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("json"), ",")
		fields[key] = into.Field(i)
	}
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		field, known := fields[key]
		if !known {
			f.add(path+key, "there is no such key; known: %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
			continue
		}
		decodeValue(f, path+key, tree[key], field)
	}
}

func decodeValue(f *faults, path string, text json.RawMessage, into reflect.Value) {
	if string(text) == "null" {
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		decodeValue(f, path, text, into.Elem())
	case reflect.Struct:
		var tree map[string]json.RawMessage
		if json.Unmarshal(text, &tree) != nil {
			f.add(path, "must be a mapping, got %.40s", text)
			return
		}
		decode(f, path+".", tree, into)
	case reflect.Slice:
		decodeList(f, path, text, into)
	case reflect.Map:
		decodeMap(f, path, text, into)
	default:
		if err := json.Unmarshal(text, into.Addr().Interface()); err != nil {
			f.add(path, "%s", wrongKind(err, text))
		}
	}
}

func decodeList(f *faults, path string, text json.RawMessage, into reflect.Value) {
	var items []json.RawMessage
	if json.Unmarshal(text, &items) != nil {
		f.add(path, "must be a list, got %.40s", text)
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	for i, item := range items {
		decodeValue(f, fmt.Sprintf("%s[%d]", path, i), item, into.Index(i))
	}
}

func decodeMap(f *faults, path string, text json.RawMessage, into reflect.Value) {
	var items map[string]json.RawMessage
	if json.Unmarshal(text, &items) != nil {
		f.add(path, "must be a mapping, got %.40s", text)
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for _, key := range slices.Sorted(maps.Keys(items)) {
		value := reflect.New(into.Type().Elem()).Elem()
		decodeValue(f, path+"."+key, items[key], value)
		into.SetMapIndex(reflect.ValueOf(key), value)
	}
}

// wrongKind says in the file's terms what encoding/json says in Go's.
func wrongKind(err error, text json.RawMessage) string {
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return err.Error()
	}
	names := map[reflect.Kind]string{reflect.String: "a string", reflect.Int: "a whole number", reflect.Float64: "a number", reflect.Bool: "true or false"}
	return fmt.Sprintf("must be %s, got %.40s", names[kind.Type.Kind()], text)
}
