//go:build tools

// Package pulumi pins the pulumi command that tests run. Its modules are many
// and stay away from those of the other tools.
package pulumi

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
