package symbol

import (
	"strings"

	"github.com/makiuchi-d/gozxing/oned"

	"github.com/ycesproject/yces/app/internal/fault"
)

// UPC-E by GS1 General Specifications section 5.2.2.4: a UPC-A number whose
// zeros are left out. Quiet zones of 9 and 7 modules. Number system 1, which
// GS1 does not assign and some readers do not know, is not offered.
var upce = Encoder{
	Name:    "upce",
	Title:   "UPC-E",
	Group:   Retail,
	Hint:    "6 digits, 8 with number system and check digit, or a UPC-A number that can be shortened.",
	Example: "01234565",
	Linear:  true,
	encode:  encodeUPCE,
	decode:  func(s *Symbol) (string, error) { return decodeLine(s, oned.NewUPCEReader(), nil) },
}

// upcDigits are the digits of number set A, seven modules each.
var upcDigits = [10]string{
	"0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011",
}

// upceParity says, by check digit, which of the six digits are of number set A
// or B.
var upceParity = [10]string{
	"BBBAAA", "BBABAA", "BBAABA", "BBAAAB", "BABBAA", "BAABBA", "BAAABB", "BABABA", "BABAAB", "BAABAB",
}

func encodeUPCE(text string, _ Options) (*Symbol, string, error) {
	digits, err := upceDigits(text)
	if err != nil {
		return nil, "", err
	}
	bars := upceBars(digits)
	s := retailSymbol(bars, eanBarHeight, []span{{0, 3}, {45, 51}}, Quiet{Top: 2, Right: 7, Bottom: 2, Left: 9},
		Label{Text: digits[:1], X: -8, Advance: upcSideWidth},
		Label{Text: digits[1:7], X: 3, Advance: eanDigitWidth},
		Label{Text: digits[7:], X: 52, Advance: upcSideWidth})
	return s, digits, nil
}

func upceBars(digits string) []bool {
	bars := []bool{true, false, true}
	parity := upceParity[digits[7]-'0']
	for i := range 6 {
		pattern := upcDigits[digits[1+i]-'0']
		for m := range len(pattern) {
			if parity[i] == 'B' { // set B is set A inverted and read backwards
				bars = append(bars, pattern[len(pattern)-1-m] == '0')
			} else {
				bars = append(bars, pattern[m] == '1')
			}
		}
	}
	return append(bars, false, true, false, true, false, true)
}

// upceDigits returns number system, six digits and check digit.
func upceDigits(text string) (string, error) {
	digits := strings.NewReplacer(" ", "", "-", "").Replace(text)
	if !isDigits(digits) {
		return "", fault.Of("data", "must be 6, 7, 8, 11 or 12 digits for UPC-E")
	}
	switch len(digits) {
	case 6:
		return upceChecked("0"+digits, "")
	case 7, 8:
		return upceChecked(digits[:7], digits[7:])
	case 11, 12:
		full, err := withCheckDigit(digits, 12, "UPC-E")
		if err != nil {
			return "", err
		}
		return shortenUPCA(full)
	}
	return "", fault.Of("data", "must be 6, 7 or 8 digits for UPC-E, or 11 or 12 of a UPC-A number, got %d", len(digits))
}

// upceChecked adds the check digit, or compares it with the given one.
func upceChecked(digits, check string) (string, error) {
	if digits[0] != '0' {
		return "", fault.Of("data", "must begin with number system 0 for UPC-E, got %c", digits[0])
	}
	right := string(gs1CheckDigit(expandUPCE(digits)))
	if check != "" && check != right {
		return "", fault.Of("data", "has the wrong check digit: the last digit must be %s, got %s", right, check)
	}
	if short, err := shortenUPCA(expandUPCE(digits) + right); err == nil && short[:7] != digits {
		return "", fault.Of("data", "must be written as %s for UPC-E: it is the same number", short)
	}
	return digits + right, nil
}

// expandUPCE returns the 11 digits of the UPC-A number, check digit excluded,
// that number system and six digits stand for.
func expandUPCE(digits string) string {
	system, d := digits[:1], digits[1:]
	switch last := d[5]; last {
	case '0', '1', '2':
		return system + d[:2] + d[5:] + "0000" + d[2:5]
	case '3':
		return system + d[:3] + "00000" + d[3:5]
	case '4':
		return system + d[:4] + "00000" + d[4:5]
	default:
		return system + d[:5] + "0000" + d[5:]
	}
}

// shortenUPCA leaves the zeros out of 12 digits.
func shortenUPCA(full string) (string, error) {
	system, maker, item, check := full[:1], full[1:6], full[6:11], full[11:]
	if system != "0" {
		return "", fault.Of("data", "has no UPC-E form: only number system 0 has; use UPC-A")
	}
	switch {
	case maker[2] <= '2' && maker[3:] == "00" && item[:2] == "00":
		return system + maker[:2] + item[2:] + maker[2:3] + check, nil
	case maker[3:] == "00" && item[:3] == "000":
		return system + maker[:3] + item[3:] + "3" + check, nil
	case maker[4:] == "0" && item[:4] == "0000":
		return system + maker[:4] + item[4:] + "4" + check, nil
	case item[:4] == "0000" && item[4] >= '5':
		return system + maker + item[4:] + check, nil
	}
	return "", fault.Of("data", "has no UPC-E form: too few of its digits are zeros; use UPC-A")
}
