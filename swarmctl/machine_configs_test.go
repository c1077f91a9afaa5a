package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// keptConfigs are configs that were created while the machine runs: the answer
// file can't know them, and a lock is one. They change and go as in a swarm.
type keptConfigs struct {
	mu    sync.Mutex
	count int
	byID  map[string]map[string]any
}

// serve answers a request for a kept config, or says that it is not for one.
func (k *keptConfigs) serve(w http.ResponseWriter, r *http.Request, asked string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if asked == "POST /configs/create" {
		k.create(w, r)
		return true
	}
	method, path, _ := strings.Cut(asked, " /configs/")
	id, update := strings.CutSuffix(path, "/update")
	config, ok := k.byID[id]
	switch {
	case !ok:
		return false
	case method == "DELETE":
		delete(k.byID, id)
	case method == "POST" && update:
		var spec any
		_ = json.NewDecoder(r.Body).Decode(&spec)
		config["Spec"] = spec
		version := config["Version"].(map[string]any)
		version["Index"] = version["Index"].(float64) + 1
	default:
		_ = json.NewEncoder(w).Encode(config)
	}
	return true
}

func (k *keptConfigs) create(w http.ResponseWriter, r *http.Request) {
	var spec any
	_ = json.NewDecoder(r.Body).Decode(&spec)
	k.count++
	id := fmt.Sprintf("kept%d", k.count)
	if k.byID == nil {
		k.byID = map[string]map[string]any{}
	}
	k.byID[id] = map[string]any{"ID": id, "Version": map[string]any{"Index": 1.0}, "Spec": spec}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"ID": id})
}

// with adds the kept configs to a list from the answer file.
func (k *keptConfigs) with(list []any) []any {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, config := range k.byID {
		list = append(list, config)
	}
	return list
}
