package markdown

// Looked is how many bytes were looked at.
func (f *Filter) Looked() int { return f.looked }
