package report

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/ycesproject/yces/monitoring"
)

// Archive is what Nagios wrote down.
type Archive struct {
	Objects []Object
	Alerts  []Alert
}

// Alert is one change of state in Nagios's log.
type Alert struct {
	// Time is in milliseconds since 1970.
	Time    int64  `json:"timestamp"`
	Host    string `json:"host_name"`
	Service string `json:"description"`
	State   int    `json:"state"`
	Kind    int    `json:"state_type"`
	Output  string `json:"plugin_output"`
	// Began is when the check began that found it, in milliseconds; 0 where that is
	// not known.
	Began int64 `json:"-"`
}

// The archive's numbers; see Nagios's cgi/archivejson.h and common/archiveutils.h.
const (
	hostUp          = 1
	hostDown        = 2
	serviceOK       = 8
	serviceWarning  = 16
	serviceCritical = 32
	hard            = 1
)

func (a Alert) bad() bool { return a.State == hostDown || a.State == serviceCritical }

// good is not the opposite: who does not know says neither.
func (a Alert) good() bool {
	return a.State == hostUp || a.State == serviceOK || a.State == serviceWarning
}

// began is when it was so for certain: since the check began, where nothing
// was right for as long as it took.
func (a Alert) began() time.Time {
	if a.Began > 0 {
		return time.UnixMilli(a.Began)
	}
	return time.UnixMilli(a.Time)
}

// carried is how far back before the report a state may have begun.
const carried = 31 * 24 * time.Hour

// cgi is Nagios's own program for questions about its archive.
const cgi = "/usr/lib/cgi-bin/nagios4/archivejson.cgi"

// ReadArchive asks Nagios. User is one that may see everything.
func ReadArchive(ctx context.Context, user string, from, to time.Time) (Archive, error) {
	var a Archive
	var alerts alertList
	err := query(ctx, user, from.Add(-carried), to, url.Values{
		"query": {"alertlist"}, "objecttypes": {"host service"}, "statetypes": {"hard soft"},
	}, &alerts)
	if err != nil {
		return a, err
	}
	a.Alerts = alerts.alerts()
	for _, kind := range []string{"hosts", "services"} {
		var found struct {
			Hosts    []times `json:"hosts"`
			Services []times `json:"services"`
		}
		err := query(ctx, user, from, to, url.Values{
			"query": {"availability"}, "availabilityobjecttype": {kind}, "statetypes": {"hard soft"},
		}, &found)
		if err != nil {
			return a, err
		}
		for _, t := range append(found.Hosts, found.Services...) {
			a.Objects = append(a.Objects, t.object())
		}
	}
	return a, nil
}

// alertList is the archive's answer. Of a host's alert it calls the host's name
// otherwise than of a service's.
type alertList struct {
	List []struct {
		Alert
		Name string `json:"name"`
	} `json:"alertlist"`
}

func (l alertList) alerts() []Alert {
	list := make([]Alert, len(l.List))
	for i, a := range l.List {
		list[i] = a.Alert
		list[i].Host = cmp.Or(a.Host, a.Name)
	}
	return list
}

// times are how long something was in each state, in seconds.
type times struct {
	Name        string  `json:"name"`
	Host        string  `json:"host_name"`
	Service     string  `json:"description"`
	Up          float64 `json:"time_up"`
	Down        float64 `json:"time_down"`
	Unreachable float64 `json:"time_unreachable"`
	OK          float64 `json:"time_ok"`
	Warning     float64 `json:"time_warning"`
	Critical    float64 `json:"time_critical"`
	Unknown     float64 `json:"time_unknown"`
	NoData      float64 `json:"time_indeterminate_nodata"`
	NotRunning  float64 `json:"time_indeterminate_notrunning"`

	ScheduledUp       float64 `json:"scheduled_time_up"`
	ScheduledDown     float64 `json:"scheduled_time_down"`
	ScheduledOK       float64 `json:"scheduled_time_ok"`
	ScheduledWarning  float64 `json:"scheduled_time_warning"`
	ScheduledCritical float64 `json:"scheduled_time_critical"`
	ScheduledUnknown  float64 `json:"scheduled_time_unknown"`
}

func (t times) object() Object {
	return Object{
		Host: cmp.Or(t.Host, t.Name), Service: t.Service,
		Good: t.Up + t.OK, Warning: t.Warning, Bad: t.Down + t.Critical, Unknown: t.Unknown + t.Unreachable,
		Maintenance: t.ScheduledUp + t.ScheduledDown + t.ScheduledOK + t.ScheduledWarning + t.ScheduledCritical + t.ScheduledUnknown,
		Unobserved:  t.NoData + t.NotRunning,
	}
}

// query runs the CGI as the web server would. Both times are seconds: an end of
// 0 would give silent zeros.
func query(ctx context.Context, user string, from, to time.Time, v url.Values, into any) error {
	v.Set("starttime", strconv.FormatInt(from.Unix(), 10))
	v.Set("endtime", strconv.FormatInt(to.Unix(), 10))
	cmd := exec.CommandContext(ctx, cgi)
	cmd.Env = append(os.Environ(), "REQUEST_METHOD=GET", "REMOTE_USER="+user, "QUERY_STRING="+v.Encode(),
		"NAGIOS_CGI_CONFIG="+monitoring.Current+"/cgi.cfg")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("ask Nagios's archive: %w", err)
	}
	_, body, found := strings.Cut(strings.ReplaceAll(string(out), "\r\n", "\n"), "\n\n")
	if !found {
		return errors.New("ask Nagios's archive: no answer")
	}
	var doc struct {
		Result struct {
			Code    int    `json:"type_code"`
			Message string `json:"message"`
		} `json:"result"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		return fmt.Errorf("read the answer of Nagios's archive: %w", err)
	}
	if doc.Result.Code != 0 {
		return fmt.Errorf("ask Nagios's archive: %s", doc.Result.Message)
	}
	return json.Unmarshal(doc.Data, into)
}
