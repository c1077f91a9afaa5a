package payload

import "strings"

// Fields that contacts have in common.
var (
	firstName = Field{Name: "firstname", Title: "First name", Input: Line, Autocomplete: "given-name", Example: "Ada"}
	lastName  = Field{Name: "lastname", Title: "Last name", Input: Line, Autocomplete: "family-name", Example: "Lovelace; King"}
	phone     = Field{Name: "phone", Title: "Telephone", Hint: "With the country's number: +49 30 123456.", Input: Phone, Autocomplete: "tel", Example: "+493012345678"}
	mailbox   = Field{Name: "email", Title: "E-mail address", Input: Email, Autocomplete: "email", Example: "ada@example.org"}
	website   = Field{Name: "website", Title: "Website", Hint: "With https:// in front.", Input: URL, Autocomplete: "url", Example: "https://example.org/ada"}
	street    = Field{Name: "street", Title: "Street and number", Input: Line, Autocomplete: "address-line1", Example: "12 St James's Square, top"}
	postcode  = Field{Name: "postcode", Title: "Postcode", Input: Line, Autocomplete: "postal-code", Example: "SW1Y 4JH"}
	city      = Field{Name: "city", Title: "City", Input: Line, Autocomplete: "address-level2", Example: "London"}
	region    = Field{Name: "region", Title: "State or region", Input: Line, Autocomplete: "address-level1", Example: "England"}
	country   = Field{Name: "country", Title: "Country", Input: Line, Autocomplete: "country-name", Example: "United Kingdom"}
	birthday  = Field{Name: "birthday", Title: "Birthday", Input: Date, Autocomplete: "bday", Example: "1815-12-10"}
	note      = Field{Name: "note", Title: "Note", Input: Multiline, Wide: true, Example: "First line, \\ and;\nsecond: line"}
)

var vcard = Kind{
	Name: "vcard", Title: "Contact (vCard)", Hint: "A business card that phones add to their contacts.",
	Fields: []Field{
		firstName, lastName,
		{Name: "organization", Title: "Organisation", Input: Line, Autocomplete: "organization", Example: "Engines, Ltd"},
		{Name: "jobtitle", Title: "Position", Input: Line, Autocomplete: "organization-title", Example: "Analyst"},
		{Name: "mobile", Title: "Mobile telephone", Hint: "With the country's number: +49 170 123456.", Input: Phone, Autocomplete: "tel", Example: "+44 7700 900123"},
		phone, mailbox, website, street, postcode, city, region, country, birthday, note,
	},
	write: writeVCard,
}

func writeVCard(e *entry) string {
	first, last, organization := e.text("firstname"), e.text("lastname"), e.text("organization")
	name := strings.TrimSpace(first + " " + last)
	if name == "" {
		name = organization
	}
	checkNamed(e, name)
	var c contentLines
	c.add("BEGIN", "VCARD")
	c.add("VERSION", "4.0")
	c.add("FN", escapeText(name))
	if first+last != "" {
		c.add("N", structured(last, first, "", "", ""))
	}
	c.addText("ORG", organization)
	c.addText("TITLE", e.text("jobtitle"))
	c.addText("TEL;TYPE=cell", dial(e.text("mobile")))
	c.addText("TEL;TYPE=voice", dial(e.text("phone")))
	c.addText("EMAIL", e.text("email"))
	c.addRaw("URL", e.text("website"))
	if place := structured("", "", e.text("street"), e.text("city"), e.text("region"), e.text("postcode"), e.text("country")); place != ";;;;;;" {
		c.add("ADR", place)
	}
	c.addRaw("BDAY", strings.ReplaceAll(e.text("birthday"), "-", ""))
	c.addText("NOTE", e.text("note"))
	c.add("END", "VCARD")
	return c.String()
}

// checkNamed asks for a name, unless the fault is elsewhere already.
func checkNamed(e *entry, name string) {
	if name == "" && !e.faults.Has("firstname") && !e.faults.Has("lastname") && !e.faults.Has("organization") {
		e.wrong("lastname", "must not be empty where there is no other name")
	}
}

var mecard = Kind{
	Name: "mecard", Title: "Contact (MeCard)", Hint: "A short contact, for a smaller code.",
	Fields: []Field{
		{Name: "firstname", Title: "First name", Input: Line, Autocomplete: "given-name", Example: "Ada"},
		lastName, phone, mailbox, website, street, postcode, city, region, country, birthday, note,
	},
	write: writeMeCard,
}

func writeMeCard(e *entry) string {
	first, last := e.text("firstname"), e.text("lastname")
	checkNamed(e, first+last)
	escape := func(text string) string { return escapeMecard(text, `\;,:`) }
	name := escape(last)
	if first != "" {
		name = strings.TrimPrefix(name+","+escape(first), ",")
	}
	text := "MECARD:N:" + name + ";"
	add := func(tag, value string) {
		if value != "" {
			text += tag + ":" + value + ";"
		}
	}
	add("TEL", dial(e.text("phone")))
	add("EMAIL", escape(e.text("email")))
	add("URL", escape(e.text("website")))
	var place []string
	for _, field := range []string{"street", "city", "region", "postcode", "country"} {
		place = append(place, escape(e.text(field)))
	}
	// Post office box and room stand before the street.
	if joined := strings.Join(place, ","); joined != ",,,," {
		add("ADR", ",,"+joined)
	}
	add("BDAY", strings.ReplaceAll(e.text("birthday"), "-", ""))
	add("NOTE", escape(e.text("note")))
	return text + ";"
}
