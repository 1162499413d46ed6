package core

import (
	"cmp"
	"strings"
	"unicode/utf8"
)

// The limits of SharePoint, in characters.
const (
	maxName = 255
	maxPath = 400
)

// CheckName refuses names that SharePoint refuses.
func CheckName(name string) error {
	if name == "" || utf8.RuneCountInString(name) > maxName || !utf8.ValidString(name) || strings.ContainsAny(name, `"*:<>?/\|`) ||
		strings.HasPrefix(name, "~$") || strings.HasPrefix(name, " ") || strings.HasSuffix(name, " ") || strings.HasSuffix(name, ".") ||
		strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ErrBadName.WithField("name", "is no name that SharePoint takes")
	}
	return nil
}

// SplitPath cuts a full path into the names of the site, the drive, and what
// is below it.
func SplitPath(full string) ([]string, error) {
	const root = "/sites/" // in any case, as all of a path
	if len(full) < len(root) || !strings.EqualFold(full[:len(root)], root) || utf8.RuneCountInString(full) > maxPath {
		return nil, ErrBadPath.WithField("full_path", "is no full path")
	}
	names := strings.Split(strings.TrimSuffix(full[len(root):], "/"), "/")
	for _, n := range names {
		if CheckName(n) != nil {
			return nil, ErrBadPath.WithField("full_path", "has a segment that is no name")
		}
	}
	return names, nil
}

// JoinPath is the full path of an item with these names above and of itself.
func JoinPath(names []string) string { return "/sites/" + strings.Join(names, "/") }

// ByName orders entries by name without case, and then by name.
func ByName(a, b Entry) int {
	return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
}
