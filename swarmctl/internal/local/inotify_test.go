package local

import (
	"strings"
	"testing"
)

func TestThreeMachinesFitTheKernelsDefaultAndTwentyDoNot(t *testing.T) {
	if f := inotifyFault(128, 3); len(f) != 0 {
		t.Errorf("3 machines: %+v", f)
	}
	f := inotifyFault(128, 20)
	if len(f) != 1 || !strings.Contains(f[0].text, "128") || !strings.Contains(f[0].cure, "sysctl") {
		t.Errorf("20 machines: %+v", f)
	}
	if f := inotifyFault(1024, 20); len(f) != 0 {
		t.Errorf("20 machines with a higher limit: %+v", f)
	}
}
