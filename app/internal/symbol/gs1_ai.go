package symbol

import "strings"

// applicationIdentifier is an entry of GS1 General Specifications section 3.2.
type applicationIdentifier struct {
	// prefix is the identifier; where digits is more, any digits follow it (310n).
	prefix string
	digits int
	// numeric and text are the most characters of the value's two parts: digits,
	// then the characters of table 7.11-1.
	numeric, text int
	// least is the fewest characters of the value.
	least int
	// kind is what else the value must be.
	kind valueKind
}

type valueKind int

const (
	_ valueKind = iota
	// keyValue ends its digits with a check digit.
	keyValue
	// dateValue is YYMMDD; day 00 means the end of the month.
	dateValue
)

func number(prefix string, least, most int) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: len(prefix), numeric: most, least: least}
}

func key(prefix string, length int) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: len(prefix), numeric: length, least: length, kind: keyValue}
}

func date(prefix string) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: len(prefix), numeric: 6, least: 6, kind: dateValue}
}

func alphanumeric(prefix string, most int) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: len(prefix), text: most, least: 1}
}

// identifiers are those in common use; a longer prefix stands before a shorter one.
var identifiers = []applicationIdentifier{
	key("00", 18), key("01", 14), key("02", 14),
	alphanumeric("10", 20), date("11"), date("12"), date("13"), date("15"), date("16"), date("17"),
	number("20", 2, 2), alphanumeric("21", 20), alphanumeric("22", 20), alphanumeric("235", 28),
	alphanumeric("240", 30), alphanumeric("241", 30), number("242", 1, 6), alphanumeric("243", 20),
	alphanumeric("250", 30), alphanumeric("251", 30),
	{prefix: "253", digits: 3, numeric: 13, text: 17, least: 13, kind: keyValue},
	alphanumeric("254", 20),
	{prefix: "255", digits: 3, numeric: 25, least: 13},
	number("30", 1, 8),
	// Measures: the fourth digit places the decimal point.
	measure("31"), measure("32"), measure("33"), measure("34"), measure("35"), measure("36"),
	number("37", 1, 8),
	amount("390", 1, 15), amount("391", 4, 18), amount("392", 1, 15), amount("393", 4, 18), amount("394", 4, 4), amount("395", 6, 6),
	alphanumeric("400", 30), alphanumeric("401", 30), key("402", 17), alphanumeric("403", 30),
	key("410", 13), key("411", 13), key("412", 13), key("413", 13), key("414", 13), key("415", 13), key("416", 13), key("417", 13),
	alphanumeric("420", 20),
	{prefix: "421", digits: 3, numeric: 3, text: 9, least: 4},
	number("422", 3, 3), number("423", 3, 15), number("424", 3, 3), number("425", 3, 15), number("426", 3, 3),
	number("7001", 13, 13), alphanumeric("7002", 30), number("7003", 10, 10), number("7004", 1, 4),
	number("8001", 14, 14), alphanumeric("8002", 20),
	{prefix: "8003", digits: 4, numeric: 14, text: 16, least: 14, kind: keyValue},
	alphanumeric("8004", 30), number("8005", 6, 6), number("8006", 18, 18), alphanumeric("8007", 34), number("8008", 8, 12),
	key("8017", 18), key("8018", 18), alphanumeric("8020", 25),
	alphanumeric("90", 30),
	alphanumeric("91", 90), alphanumeric("92", 90), alphanumeric("93", 90), alphanumeric("94", 90), alphanumeric("95", 90),
	alphanumeric("96", 90), alphanumeric("97", 90), alphanumeric("98", 90), alphanumeric("99", 90),
}

func measure(prefix string) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: 4, numeric: 6, least: 6}
}

func amount(prefix string, least, most int) applicationIdentifier {
	return applicationIdentifier{prefix: prefix, digits: 4, numeric: most, least: least}
}

func findIdentifier(ai string) (applicationIdentifier, bool) {
	for _, known := range identifiers {
		if len(ai) == known.digits && strings.HasPrefix(ai, known.prefix) && isDigits(ai) {
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
