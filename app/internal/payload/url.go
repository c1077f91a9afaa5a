package payload

import (
	neturl "net/url"
	"strings"
	"unicode"

	"github.com/ycesproject/yces/app/internal/fault"
)

// A URL must be one that a phone opens: absolute, http or https, with a host.
var url = Kind{
	Name:   "url",
	Title:  "Web address",
	Fields: []string{"data"},
	Encode: func(get Get) (string, error) {
		data := strings.TrimSpace(get("data"))
		if data == "" {
			return "", fault.Of("data", "must not be empty")
		}
		if strings.ContainsFunc(data, unicode.IsSpace) {
			return "", fault.Of("data", "must be a web address, which holds no spaces")
		}
		u, err := neturl.Parse(data)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
			return "", fault.Of("data", "must be a web address such as https://example.org/page")
		}
		return data, nil
	},
}
