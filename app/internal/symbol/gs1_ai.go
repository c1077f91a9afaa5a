package symbol

import (
	"slices"
	"strings"
)

// applicationIdentifier is an entry of GS1 General Specifications section 3.2.
type applicationIdentifier struct {
	// prefix is the identifier; where digits is more, one more digit of 0 to last
	// follows it (310n).
	prefix string
	digits int
	last   byte
	// numeric and text are the most characters of the value's two parts: digits,
	// then the characters of table 7.11-1.
	numeric, text int
	// least is the fewest characters of the value; either says that there are as
	// many or as many as most, and nothing between.
	least  int
	either bool
	// checked digits, the last of them a check digit, begin the value.
	checked int
	// dates YYMMDD begin the value; their day may be 00, the end of the month,
	// unless exactDay is set.
	dates    int
	exactDay bool
}

func number(prefix string, least, most int) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: len(prefix), numeric: most, least: least}
}

func key(prefix string, length int) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: len(prefix), numeric: length, least: length, checked: length}
}

func date(prefix string) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: len(prefix), numeric: 6, least: 6, dates: 1}
}

func alphanumeric(prefix string, most int) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: len(prefix), text: most, least: 1}
}

// amount has a last digit that places the decimal point.
func amount(prefix string, last byte, least, most int) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: 4, last: last, numeric: most, least: least}
}

// series are the identifiers of two digits, a third up to an end and one that
// places the decimal point.
func series(prefix string, end byte) []applicationIdentifier {
	var all []applicationIdentifier
	for third := byte('0'); third <= end; third++ {
		all = append(all, amount(prefix+string(third), '5', 6, 6))
	}
	return all
}

// texts are consecutive identifiers for texts of the same length.
func texts(most int, prefixes ...string) []applicationIdentifier {
	var all []applicationIdentifier
	for _, prefix := range prefixes {
		all = append(all, alphanumeric(prefix, most))
	}
	return all
}

var identifiers = slices.Concat(general, measures, locations, healthAndFood, special)

// general says what an item is, and how many there are.
var general = []applicationIdentifier{
	key("00", 18), key("01", 14), key("02", 14), key("03", 14),
	alphanumeric("10", 20), date("11"), date("12"), date("13"), date("15"), date("16"), date("17"),
	number("20", 2, 2), alphanumeric("21", 20), alphanumeric("22", 20), alphanumeric("235", 28),
	alphanumeric("240", 30), alphanumeric("241", 30), number("242", 1, 6), alphanumeric("243", 20),
	alphanumeric("250", 30), alphanumeric("251", 30),
	{prefix: "253", digits: 3, numeric: 13, text: 17, least: 13, checked: 13},
	alphanumeric("254", 20),
	{prefix: "255", digits: 3, numeric: 25, least: 13, checked: 13},
	number("30", 1, 8), number("37", 1, 8),
	amount("390", '9', 1, 15), amount("391", '9', 4, 18), amount("392", '9', 1, 15), amount("393", '9', 4, 18),
	amount("394", '3', 4, 4), amount("395", '5', 6, 6),
}

var measures = slices.Concat(series("31", '6'), series("32", '9'), series("33", '7'), series("34", '9'), series("35", '7'), series("36", '9'))

// locations say whose an item is, and where it goes.
var locations = slices.Concat([]applicationIdentifier{
	alphanumeric("400", 30), alphanumeric("401", 30), key("402", 17), alphanumeric("403", 30),
	key("410", 13), key("411", 13), key("412", 13), key("413", 13), key("414", 13), key("415", 13), key("416", 13), key("417", 13),
	alphanumeric("420", 20),
	{prefix: "421", digits: 3, numeric: 3, text: 9, least: 4},
	number("422", 3, 3), number("423", 3, 15), number("424", 3, 3), number("425", 3, 15), number("426", 3, 3), alphanumeric("427", 3),
	{prefix: "4307", digits: 4, text: 2, least: 2},
	{prefix: "4317", digits: 4, text: 2, least: 2},
	alphanumeric("4308", 30), number("4309", 20, 20), alphanumeric("4318", 20), alphanumeric("4319", 30),
	number("4321", 1, 1), number("4322", 1, 1), number("4323", 1, 1),
	{prefix: "4324", digits: 4, numeric: 10, least: 10, dates: 1},
	{prefix: "4325", digits: 4, numeric: 10, least: 10, dates: 1},
	{prefix: "4326", digits: 4, numeric: 6, least: 6, dates: 1, exactDay: true},
	{prefix: "433", digits: 4, last: '3', numeric: 6, text: 1, least: 6},
}, texts(35, "4300", "4301", "4310", "4311", "4320"),
	texts(70, "4302", "4303", "4304", "4305", "4306", "4312", "4313", "4314", "4315", "4316"))

// healthAndFood are those that begin with 7.
var healthAndFood = slices.Concat([]applicationIdentifier{
	number("7001", 13, 13), alphanumeric("7002", 30),
	{prefix: "7003", digits: 4, numeric: 10, least: 10, dates: 1, exactDay: true},
	number("7004", 1, 4), alphanumeric("7005", 12),
	{prefix: "7006", digits: 4, numeric: 6, least: 6, dates: 1, exactDay: true},
	{prefix: "7007", digits: 4, numeric: 12, least: 6, either: true, dates: 2, exactDay: true},
	alphanumeric("7008", 3), alphanumeric("7009", 10), alphanumeric("7010", 2),
	{prefix: "7011", digits: 4, numeric: 10, least: 6, either: true, dates: 1, exactDay: true},
	alphanumeric("7020", 20), alphanumeric("7021", 20), alphanumeric("7022", 20), alphanumeric("7023", 30),
	{prefix: "703", digits: 4, last: '9', numeric: 3, text: 27, least: 4},
	{prefix: "7040", digits: 4, numeric: 1, text: 3, least: 4},
	{prefix: "723", digits: 4, last: '9', text: 30, least: 3},
	alphanumeric("7240", 20), number("7241", 2, 2), alphanumeric("7242", 25),
}, texts(20, "710", "711", "712", "713", "714", "715", "716"))

// special are the identifiers that begin with 8, and those of partners and companies.
var special = slices.Concat([]applicationIdentifier{
	number("8001", 14, 14), alphanumeric("8002", 20),
	{prefix: "8003", digits: 4, numeric: 14, text: 16, least: 14, checked: 14},
	alphanumeric("8004", 30), number("8005", 6, 6),
	{prefix: "8006", digits: 4, numeric: 18, least: 18, checked: 14},
	alphanumeric("8007", 34),
	{prefix: "8008", digits: 4, numeric: 12, least: 8, dates: 1, exactDay: true},
	alphanumeric("8009", 50), alphanumeric("8010", 30), number("8011", 1, 12), alphanumeric("8012", 20), alphanumeric("8013", 25),
	key("8017", 18), key("8018", 18), number("8019", 1, 10), alphanumeric("8020", 25),
	{prefix: "8026", digits: 4, numeric: 18, least: 18, checked: 14},
	alphanumeric("8030", 90), alphanumeric("8110", 70), number("8111", 4, 4), alphanumeric("8112", 70), alphanumeric("8200", 70),
	alphanumeric("90", 30),
}, texts(90, "91", "92", "93", "94", "95", "96", "97", "98", "99"))

func findIdentifier(ai string) (applicationIdentifier, bool) {
	for _, known := range identifiers {
		rest, begins := strings.CutPrefix(ai, known.prefix)
		if begins && len(ai) == known.digits && (rest == "" || rest[0] >= '0' && rest[0] <= known.last) {
			return known, true
		}
	}
	return applicationIdentifier{}, false
}

// hasPredefinedLength says whether an identifier's value is known to end
// without a separator: figure 7.8.5-2 lists them by their first two digits.
func hasPredefinedLength(ai string) bool {
	switch ai[:2] {
	case "00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
		"31", "32", "33", "34", "35", "36", "41":
		return true
	}
	return false
}
