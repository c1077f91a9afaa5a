package status

import (
	"strings"
	"testing"
)

const text = `
info {
	created=1795383834
	}

hoststatus {
	host_name=shop-1
	current_state=1
	state_type=1
	has_been_checked=1
	last_state_change=1795383800
	plugin_output=CRITICAL - a = b
	scheduled_downtime_depth=0
	current_notification_number=2
	}

servicestatus {
	host_name=shop-1
	service_description=Disk
	current_state=2
	state_type=0
	has_been_checked=1
	problem_has_been_acknowledged=1
	scheduled_downtime_depth=1
	is_flapping=1
	}

servicestatus {
	host_name=shop-1
	service_description=CPU
	current_state=0
	has_been_checked=0
	scheduled_downtime_depth=0
	}
`

func TestNagiosStatusFileIsRead(t *testing.T) {
	s, err := Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if s.Created.Unix() != 1795383834 || len(s.Hosts) != 1 || len(s.Services) != 2 {
		t.Fatalf("read %+v", s)
	}
	h, disk, cpu := s.Hosts[0], s.Services[0], s.Services[1]
	if h.State != "DOWN" || !h.Hard || h.Output != "CRITICAL - a = b" || h.Notifications != 2 || h.Maintenance {
		t.Errorf("host %+v", h)
	}
	if disk.State != "CRITICAL" || disk.Hard || !disk.Acknowledged || !disk.Maintenance || !disk.Flapping || disk.Fine() {
		t.Errorf("disk %+v", disk)
	}
	if cpu.State != "PENDING" || cpu.Fine() {
		t.Errorf("a check that never ran: %+v", cpu)
	}
	if n := s.Counts(); n["CRITICAL"] != 1 || n["PENDING"] != 1 {
		t.Errorf("counts %v", n)
	}
}
