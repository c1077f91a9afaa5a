package cloudmodel

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// identifiers are what refers to a resource: Azure's paths, AWS's prefixed ids.
var identifiers = regexp.MustCompile(`^(/subscriptions/.*|(vpc|subnet|igw|rtb|sg|i|eipalloc)-[0-9]{8})$`)

// checkReferences refuses identifiers that lead nowhere, as both clouds do. A
// part of the resource itself is there as soon as it is.
func (w *World) checkReferences(r *Resource) []error {
	var faults []error
	walk(r.Inputs, func(text string) {
		if !identifiers.MatchString(text) || strings.HasPrefix(text, r.ID+"/") {
			return
		}
		if !w.exists(text) {
			missing := refuse("InvalidResourceReference", "Resource %s referenced by resource %s was not found.", text, r.ID)
			faults = append(faults, cmp.Or(missingInAWS(text), missing))
		}
	})
	if group := r.Inputs.Text("resourceGroupName"); group != "" && r.Type != resourceGroup {
		if _, ok := w.resources[subscription+"/resourceGroups/"+group]; !ok {
			faults = append(faults, refuse("ResourceGroupNotFound", "Resource group '%s' could not be found.", group))
		}
	}
	return faults
}

// exists tells whether an identifier is that of a resource, or of a part of one.
func (w *World) exists(id string) bool {
	if _, ok := w.resources[id]; ok || slices.Contains(roles, id) {
		return true
	}
	parent, part := split(id)
	r, ok := w.resources[parent]
	if !ok {
		return false
	}
	kind, name, _ := strings.Cut(part, "/")
	for _, one := range r.Inputs.Objects(kind) {
		if one.Text("name") == name {
			return true
		}
	}
	return false
}

// split takes the last two segments off: a part's kind and name.
func split(id string) (parent, part string) {
	segments := strings.Split(id, "/")
	if len(segments) < 3 {
		return "", id
	}
	at := len(segments) - 2
	return strings.Join(segments[:at], "/"), strings.Join(segments[at:], "/")
}

// refers tells whether a resource needs another, or lies within it.
func refers(r *Resource, id string) bool {
	if strings.HasPrefix(r.ID, id+"/") {
		return true
	}
	found := false
	walk(r.Inputs, func(text string) { found = found || text == id || strings.HasPrefix(text, id+"/") })
	return found
}
