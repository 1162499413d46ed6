package openapi

import (
	"regexp"
	"strings"
)

// Words are what the document says beside what routes and types do. A field
// that they don't name is described by rule, as far as a rule can.
type Words struct {
	// Fields describes fields and parameters, by "Schema.field" or "field".
	Fields map[string]string
	// Operations say what operations do, by their ids, in Markdown. One that they
	// don't name is described by who may call it alone.
	Operations map[string]string
	// IDs are ids of operations in place of those that follow from the name.
	IDs map[string]string
	// Tags describes the groups of operations.
	Tags map[string]string
	// Values are examples, by "Schema.field" or "field".
	Values map[string]any
	// Requests are examples of bodies, by the ids of their operations.
	Requests map[string]any
	// Codes are examples of codes of errors, by the statuses that modules alone
	// answer.
	Codes map[int]string
}

// field describes a field of a schema, or a parameter, whose schema is "".
func (w Words) field(schema, name string) string {
	for _, key := range []string{schema + "." + name, name} {
		if s := w.Fields[key]; s != "" {
			return s
		}
	}
	return byRule(name)
}

var rules = []struct {
	form *regexp.Regexp
	says string
}{
	{regexp.MustCompile(`^(.+)_id$`), "Id of the %."},
	{regexp.MustCompile(`^(.+)_ids$`), "Ids, each of one %."},
	{regexp.MustCompile(`^(.+)_on$`), "Time at which it was %, in UTC."},
	{regexp.MustCompile(`^(.+)_by$`), "Who % it."},
	{regexp.MustCompile(`^num_(.+)$`), "Number of %."},
	{regexp.MustCompile(`^(.+)_count$`), "Number of entries of the kind %."},
	{regexp.MustCompile(`^is_(.+)$`), "Whether it is %."},
	{regexp.MustCompile(`^has_(.+)$`), "Whether it has %."},
	{regexp.MustCompile(`^(.+)_enabled$`), "Whether % is switched on."},
	{regexp.MustCompile(`^(.+)_tokens$`), "Number of % tokens."},
	{regexp.MustCompile(`^(.+)_ms$`), "The % in milliseconds."},
	{regexp.MustCompile(`^(.+)_name$`), "Name of the %."},
	{regexp.MustCompile(`^(.+)_url$`), "Address of the %."},
}

// byRule describes a field by the form of its name; "" when that says nothing.
func byRule(name string) string {
	for _, r := range rules {
		if m := r.form.FindStringSubmatch(name); m != nil {
			return strings.Replace(r.says, "%", strings.ReplaceAll(m[1], "_", " "), 1)
		}
	}
	return ""
}

var (
	word    = regexp.MustCompile(`[A-Za-z0-9]+`)
	article = map[string]bool{"a": true, "an": true, "the": true}
)

// id is the id of an operation: its name in one word, unless IDs has another.
func (w Words) id(o Operation) string {
	var out strings.Builder
	for _, part := range word.FindAllString(o.Name, -1) {
		if article[strings.ToLower(part)] {
			continue
		}
		if part == strings.ToUpper(part) { // ID, API
			part = strings.ToLower(part)
		}
		out.WriteString(capital(part))
	}
	id := out.String()
	if id != "" {
		id = strings.ToLower(id[:1]) + id[1:]
	}
	if other := w.IDs[id]; other != "" {
		return other
	}
	return id
}

// does says what an operation does, how it answers, and who may call it.
func (w Words) does(o Operation, id string) string {
	says, more, _ := strings.Cut(w.Operations[id], "\n\n")
	switch {
	case o.Answer.Stream && o.Answer.Data == nil:
		says += " The answer is a stream of events, which closes after the last one."
	case o.Answer.File:
		says += " The answer is the bytes of the file."
	case o.Paged:
		says += " The answer is a list, a page at a time; `meta` says which page."
	}
	var parts []string
	for _, part := range []string{says, more, "Who: " + o.Who + "."} {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "\n\n")
}

// tag describes a group of operations.
func (w Words) tag(group string) string {
	if s := w.Tags[group]; s != "" {
		return s
	}
	return "Operations of the group " + group + "."
}
