package stack

import (
	"encoding/base64"
	"strings"
	"testing"
)

// hides wants a text to be nowhere in a value, encoded in base64 as custom
// data is neither.
func hides(t *testing.T, where, secret string, value any) {
	t.Helper()
	switch v := value.(type) {
	case string:
		plain, err := base64.StdEncoding.DecodeString(v)
		if strings.Contains(v, secret) || err == nil && strings.Contains(string(plain), secret) {
			t.Errorf("%s holds a deploy secret", where)
		}
	case []any:
		for _, one := range v {
			hides(t, where, secret, one)
		}
	case map[string]any:
		for key, one := range v {
			hides(t, where+"."+key, secret, one)
		}
	}
}

// They share the configuration with the machines, and are for swarmctl alone.
func TestDeploySecretsReachNoResourceAndNoOutput(t *testing.T) {
	const secret = "hunter2-of-the-database"
	for name, values := range stacks(t) {
		r, outputs := run(t, with(values, "deploySecrets", `{"DB_PASSWORD":"`+secret+`"}`))
		for _, d := range r.list {
			hides(t, name+": "+d.token+" "+d.name, secret, d.inputs)
		}
		hides(t, name+": outputs", secret, outputs)
	}
}
