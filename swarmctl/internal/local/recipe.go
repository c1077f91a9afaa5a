package local

import (
	"embed"

	"github.com/ycesproject/yces/swarmctl/machines"
)

//go:embed recipe
var recipes embed.FS

func balancerRecipe(certs map[string][]byte) machines.Recipe {
	return machines.Recipe{Repository: "swarmctl-balancer", Files: recipes, Dir: "recipe/balancer", Certs: certs}
}
