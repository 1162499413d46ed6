// Package extract turns the bytes of an uploaded file into titled blocks of
// text: headings, paragraphs, list items, code and table rows, with page
// numbers for PDF and slide numbers for presentations, and sheet names as
// headings for workbooks.
//
// The format is decided by content. The name only helps where content cannot
// tell: Markdown, CSV and plain text are all text.
//
// # Files that mean harm
//
// Every parser here reads untrusted bytes, so each has limits (see Limits),
// recovers from panics, and works under a deadline. What comes out is valid
// UTF-8 without control characters, whatever went in. Text is never cut off
// silently: a file over a limit fails with the reason.
//
// Some libraries here were not written for hostile input: that for Markdown
// takes minutes over a megabyte of quotes within quotes, and a small PDF may
// inflate without end. A Go program can't stop a goroutine, nor recover when
// memory or stack run out, so a deadline with an abandoned goroutine would keep
// a core busy and might end the server. PDF, and every file that is not small,
// is therefore read in a
// child process: this same binary, started as Limits.Child says, with nothing
// in its environment, a hard limit on memory, and a deadline after which it is
// killed. Its main calls ServeChild. That costs one start of the binary per
// file, some milliseconds, and for PDF about a tenth of a second to load
// PDFium from Limits.CacheDir, where it is compiled before the first PDF.
//
// Small files of the other formats are read in this process, since thousands
// of them may come at once, and their worst case takes about a second. They
// have the same deadline; a parse that does not notice it is left behind and
// keeps its slot (Limits.Parallel), so that runaways are bounded too. Without
// Limits.Child, as in tests, every file is read that way.
package extract
