// Command provision is the Pulumi program: `pulumi up` in the repository's
// folder runs it.
package main

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/ycesproject/yces/provision/internal/stack"
)

func main() { pulumi.Run(stack.Program) }
