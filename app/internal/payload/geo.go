package payload

import (
	"regexp"
	"strconv"
	"strings"
)

var geo = Kind{
	Name: "geo", Title: "Place", Hint: "Shows a place on the map.",
	Fields: []Field{
		{Name: "latitude", Title: "Latitude", Hint: "Degrees, south is negative: -90 to 90.", Input: Number, Required: true, Example: "52.516275"},
		{Name: "longitude", Title: "Longitude", Hint: "Degrees, west is negative: -180 to 180.", Input: Number, Required: true, Example: "-13.377704"},
		{Name: "altitude", Title: "Altitude", Hint: "Metres above the WGS 84 ellipsoid.", Input: Number, Example: "34.5"},
	},
	write: func(e *entry) string {
		text := "geo:" + e.coordinate("latitude", 90) + "," + e.coordinate("longitude", 180)
		if altitude := e.coordinate("altitude", 1e6); altitude != "" {
			text += "," + altitude
		}
		return text
	},
}

var plainNumber = regexp.MustCompile(`^-?\d{1,9}([.,]\d{1,9})?$`)

// coordinate reads a number in either notation and writes it with a point.
func (e *entry) coordinate(field string, most float64) string {
	text := e.text(field)
	if text == "" {
		return ""
	}
	if !plainNumber.MatchString(text) {
		e.wrong(field, "must be a number such as 52.5163, got %.20q", text)
		return ""
	}
	v, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	if err != nil || v < -most || v > most {
		e.wrong(field, "must be between -%g and %g, got %.20q", most, most, text)
		return ""
	}
	if v == 0 {
		// RFC 5870 knows no -0.
		return "0"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
