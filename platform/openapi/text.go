package openapi

import (
	"fmt"
	"io/fs"
	"strings"
)

// ReadText reads what groups and operations do from the Markdown files of a
// folder: a heading "# Group" with what the group is about, and below it a
// heading "## operationId" for each operation. Lines of a paragraph are joined.
func ReadText(folder fs.FS) (groups, operations map[string]string, err error) {
	groups, operations = map[string]string{}, map[string]string{}
	files, err := fs.Glob(folder, "*.md")
	if err != nil {
		return nil, nil, fmt.Errorf("listing what operations do: %w", err)
	}
	for _, name := range files {
		raw, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, nil, fmt.Errorf("reading what operations do: %w", err)
		}
		for _, section := range sections(string(raw)) {
			into := groups
			if section.operation {
				into = operations
			}
			if into[section.title] != "" {
				return nil, nil, fmt.Errorf("%s: %s is described twice", name, section.title)
			}
			into[section.title] = section.text
		}
	}
	return groups, operations, nil
}

type section struct {
	title, text string
	operation   bool
}

func sections(text string) []section {
	var out []section
	for block := range strings.SplitSeq(text, "\n\n") {
		block = strings.TrimSpace(block)
		if title, ok := strings.CutPrefix(block, "## "); ok {
			out = append(out, section{title: title, operation: true})
			continue
		}
		if title, ok := strings.CutPrefix(block, "# "); ok {
			out = append(out, section{title: title})
			continue
		}
		if len(out) == 0 || block == "" {
			continue
		}
		last := &out[len(out)-1]
		if last.text != "" {
			last.text += "\n\n"
		}
		last.text += strings.Join(strings.Fields(block), " ")
	}
	return out
}
