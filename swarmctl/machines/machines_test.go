package machines

import (
	"slices"
	"testing"
)

func TestTheMachinesEngineKeepsAwayFromOuterNetworks(t *testing.T) {
	got, err := Host{MTU: 1400, Nameservers: []string{"192.0.2.53"}}.daemonConfig()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "default-address-pools": [
    {
      "base": "198.19.0.0/16",
      "size": 24
    }
  ],
  "mtu": 1400,
  "dns": [
    "192.0.2.53"
  ]
}
`
	if string(got) != want {
		t.Errorf("daemon.json = %s", got)
	}
}

func TestMachinesHaveACgroupTreeOfTheirOwnWhereTheKernelAllows(t *testing.T) {
	var h Host
	if mode := h.HostConfig("n1", Disks{}).CgroupnsMode; !mode.IsHost() {
		t.Errorf("cgroup v1: %q, want host", mode)
	}
	h.CgroupV2 = true
	if mode := h.HostConfig("n1", Disks{}).CgroupnsMode; !mode.IsPrivate() {
		t.Errorf("cgroup v2: %q, want private", mode)
	}
}

func TestDisksWithoutAPrefixGoWithTheirContainer(t *testing.T) {
	names := func(d Disks) (list []string) {
		for _, m := range d.mounts() {
			if m.VolumeOptions != nil {
				list = append(list, m.Source)
			}
		}
		return list
	}
	if got := names(Disks{}); !slices.Equal(got, []string{"", ""}) {
		t.Errorf("without a prefix: %q", got)
	}
	if got := names(Disks{Prefix: "c.c-1"}); !slices.Equal(got, []string{"c.c-1.docker", "c.c-1.containerd"}) {
		t.Errorf("with a prefix: %q", got)
	}
}

func TestProxiesThatWouldBeTwoLinesAreLeftOut(t *testing.T) {
	env := map[string]string{"http_proxy": "http://p:3128", "HTTPS_PROXY": "http://p\nPATH=/tmp", "PATH": "/bin"}
	if got := Proxies(func(key string) string { return env[key] }); !slices.Equal(got, []string{"http_proxy=http://p:3128"}) {
		t.Errorf("got %q", got)
	}
}
