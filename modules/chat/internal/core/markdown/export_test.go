package markdown

// Looked is how many bytes were looked at.
func (f *Filter) Looked() int { return f.looked }

// CutAlways has the filter forget what it can after each line, however short.
func (f *Filter) CutAlways() { f.worth = 1 }
