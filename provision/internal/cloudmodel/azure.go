package cloudmodel

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	subscription  = "/subscriptions/00000000-0000-0000-0000-000000000001"
	resourceGroup = "azure-native:resources:ResourceGroup"
)

// regions is a choice of those that there are.
var regions = []string{"westeurope", "northeurope", "germanywestcentral", "eastus", "swedencentral", "global"}

// named is a type whose path is its provider's, and whose name is a property.
func named(provider, property string, names *regexp.Regexp, k kind) kind {
	k.id = func(_ *World, in Object) string {
		return subscription + "/resourceGroups/" + in.Text("resourceGroupName") + "/providers/" + provider + "/" + in.Text(property)
	}
	k.replaces = append(k.replaces, "resourceGroupName", property, "location")
	check, adds := k.check, k.adds
	k.check = func(w *World, r, old *Resource) []error {
		faults := checkPlace(r, property, names)
		if check != nil {
			faults = append(faults, check(w, r, old)...)
		}
		return faults
	}
	k.adds = func(w *World, r, old *Resource) Object {
		added := Object{}
		if adds != nil {
			added = adds(w, r, old)
		}
		added["name"], added["type"], added["provisioningState"] = r.Inputs.Text(property), provider, "Succeeded"
		return added
	}
	return k
}

func checkPlace(r *Resource, property string, names *regexp.Regexp) []error {
	var faults []error
	if name := r.Inputs.Text(property); !names.MatchString(name) {
		faults = append(faults, refuse("InvalidResourceName", "Resource name %q is invalid.", name))
	}
	if location := r.Inputs.Text("location"); !slices.Contains(regions, location) {
		faults = append(faults, refuse("LocationNotAvailableForResourceType", "The provided location %q is not available.", location))
	}
	return faults
}

// Names as Azure's naming rules have them; see
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules.
var (
	upTo64   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9_])?$`)
	upTo80   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?$`)
	upTo90   = regexp.MustCompile(`^[A-Za-z0-9_()]([A-Za-z0-9_().-]{0,88}[A-Za-z0-9_()-])?$`)
	hostname = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)
	domains  = regexp.MustCompile(`^([a-z0-9-]+\.)+[a-z]+$`)
)

var azureOther = map[string]kind{
	resourceGroup: {
		id: func(_ *World, in Object) string {
			return subscription + "/resourceGroups/" + in.Text("resourceGroupName")
		},
		check: func(_ *World, r, _ *Resource) []error { return checkPlace(r, "resourceGroupName", upTo90) },
		adds: func(_ *World, r, _ *Resource) Object {
			return Object{"name": r.Inputs.Text("resourceGroupName")}
		},
		replaces: []string{"resourceGroupName", "location"},
	},
	"azure-native:authorization:ManagementLockByScope": {
		id:       within("providers/Microsoft.Authorization/locks", "scope", "lockName"),
		adds:     nameFrom("lockName"),
		replaces: []string{"scope", "lockName"},
	},
	"azure-native:consumption:Budget": {
		id:       within("providers/Microsoft.Consumption/budgets", "scope", "budgetName"),
		check:    checkBudget,
		adds:     nameFrom("budgetName"),
		replaces: []string{"scope", "budgetName"},
	},
}

func within(kind, scope, property string) func(*World, Object) string {
	return func(_ *World, in Object) string {
		return in.Text(scope) + "/" + kind + "/" + in.Text(property)
	}
}

func nameFrom(property string) func(*World, *Resource, *Resource) Object {
	return func(_ *World, r, _ *Resource) Object { return Object{"name": r.Inputs.Text(property)} }
}

func checkBudget(_ *World, r, _ *Resource) []error {
	var faults []error
	start := r.Inputs.Text("timePeriod.startDate")
	if !regexp.MustCompile(`^20[0-9]{2}-[01][0-9]-01T00:00:00Z$`).MatchString(start) {
		faults = append(faults, refuse("400", "Start date must be the first of a month, got %q", start))
	}
	if r.Inputs.Number("amount") <= 0 {
		faults = append(faults, refuse("400", "Amount must be positive"))
	}
	notifications, _ := r.Inputs.Get("notifications").(map[string]any)
	for name, n := range notifications {
		if m, ok := n.(map[string]any); !ok || len(Object(m).Texts("contactEmails")) == 0 {
			faults = append(faults, refuse("400", "Notification %s has no contact", name))
		}
	}
	return faults
}

// encoded checks custom data: base64, and no more than 64 kB of text.
func encoded(text string) error {
	doc, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return refuse("InvalidParameter", "Custom data in OSProfile must be in Base64 encoding")
	}
	if len(doc) > 65535 {
		return refuse("InvalidParameter", "Custom data in OSProfile must be at most 65535 bytes, got %d", len(doc))
	}
	return nil
}

func lastSegment(id string) string { return id[strings.LastIndex(id, "/")+1:] }

func number(format string, n int) string { return fmt.Sprintf(format, n) }
