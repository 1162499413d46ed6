package extract

import (
	"errors"
	"fmt"

	"parley/platform/kernel/apperr"
)

// The ways in which a file can fail. An error from Extract matches one of
// these with errors.Is, and errors.As to *apperr.Error gives the code and the
// sentence for the person who uploaded it; the cause behind it, when there is
// one, is for the log. The only other errors are those of the caller's context
// and of reading the source.
var (
	ErrEmpty = apperr.New(apperr.Unprocessable, "corpora.file_empty",
		"The file is empty. Upload a file that holds text.")
	ErrEncrypted = apperr.New(apperr.Unprocessable, "corpora.file_encrypted",
		"The file is protected with a password. Remove the password and upload it again.")
	ErrBroken = apperr.New(apperr.Unprocessable, "corpora.file_broken",
		"The file is damaged and can't be read. Save it again in the program it came from and upload that copy.")
	ErrUnsupported = apperr.New(apperr.UnsupportedType, "corpora.file_unsupported",
		"This type of file can't be read. "+supportedFormats)
	ErrTooLarge = apperr.New(apperr.TooLarge, "corpora.file_too_large",
		"The file is too large to be read. Split it and upload the parts.")
	ErrNoText = apperr.New(apperr.Unprocessable, "corpora.file_no_text",
		"No text was found in the file.")
	ErrTimedOut = apperr.New(apperr.Unprocessable, "corpora.file_timed_out",
		"Reading the file took too long. Save it again in a simpler form, or split it, and upload that.")
)

// family lists every error above, so that a child process can name one.
var family = []*apperr.Error{ErrEmpty, ErrEncrypted, ErrBroken, ErrUnsupported, ErrTooLarge, ErrNoText, ErrTimedOut}

const supportedFormats = "Upload PDF, DOCX, PPTX, XLSX, ODT, ODS, ODP, RTF, EPUB, HTML, Markdown, text, CSV, JSON or EML."

// broken says which kind of file is damaged; cause goes to the log.
func broken(what string, cause error) error {
	err := ErrBroken.WithMessage("The " + what + " is damaged and can't be read. Save it again in the program it came from and upload that copy.")
	if cause == nil {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}

func unsupported(sentence string) error {
	return ErrUnsupported.WithMessage(sentence + " " + supportedFormats)
}

func tooLarge(format string, args ...any) error {
	return ErrTooLarge.WithMessage(fmt.Sprintf(format, args...) + " Split the file and upload the parts.")
}

// sentence is what an error of the family says to a person.
func sentence(err error) string {
	var e *apperr.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return ErrBroken.Message
}
