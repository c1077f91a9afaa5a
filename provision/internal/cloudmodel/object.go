package cloudmodel

import (
	"encoding/json"
	"strings"
)

// Object is a resource's properties as JSON has them.
type Object map[string]any

// Get follows a path of keys, separated by dots; nil where there is nothing.
func (o Object) Get(path string) any {
	var v any = map[string]any(o)
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// Text is the string at a path; empty where there is none.
func (o Object) Text(path string) string {
	s, _ := o.Get(path).(string)
	return s
}

// Number is the number at a path; 0 where there is none.
func (o Object) Number(path string) float64 {
	n, _ := o.Get(path).(float64)
	return n
}

// Flag is the boolean at a path.
func (o Object) Flag(path string) bool {
	b, _ := o.Get(path).(bool)
	return b
}

// Texts are the strings of the list at a path.
func (o Object) Texts(path string) []string {
	list, _ := o.Get(path).([]any)
	var texts []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// Objects are the mappings of the list at a path.
func (o Object) Objects(path string) []Object {
	list, _ := o.Get(path).([]any)
	var objects []Object
	for _, v := range list {
		if m, ok := v.(map[string]any); ok {
			objects = append(objects, m)
		}
	}
	return objects
}

// copyOf is a copy that shares nothing.
func copyOf(o Object) Object {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // it came from JSON
	}
	var c Object
	if err := json.Unmarshal(text, &c); err != nil {
		panic(err)
	}
	return c
}

func same(a, b any) bool {
	left, _ := json.Marshal(a)
	right, _ := json.Marshal(b)
	return string(left) == string(right)
}

// walk calls visit with every string of a value.
func walk(v any, visit func(string)) {
	switch v := v.(type) {
	case string:
		visit(v)
	case []any:
		for _, one := range v {
			walk(one, visit)
		}
	case map[string]any:
		for _, one := range v {
			walk(one, visit)
		}
	case Object:
		walk(map[string]any(v), visit)
	}
}
