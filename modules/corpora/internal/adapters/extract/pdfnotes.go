package extract

import (
	"strings"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// maxNotes is how many annotations of a page are read.
const maxNotes = 10_000

// notes reads what annotations and form fields of a page say that does not
// show on it: the text of a comment behind its icon, and the value of a field
// for which the file has no picture. any: the page has annotations at all.
func (p *pdfPage) notes() (notes []string, any bool) {
	count, err := p.file.pdfium.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: p.request()})
	if err != nil || count.Count == 0 {
		return nil, false
	}
	for i := range min(count.Count, maxNotes) {
		annotation, err := p.file.pdfium.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: p.request(), Index: i})
		if err != nil {
			continue
		}
		if note := p.file.note(annotation.Annotation); note != "" {
			notes = append(notes, note)
		}
		_, _ = p.file.pdfium.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: annotation.Annotation})
	}
	return notes, true
}

func (f *pdfFile) note(annotation references.FPDF_ANNOTATION) string {
	kind, err := f.pdfium.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: annotation})
	if err != nil {
		return ""
	}
	flags, err := f.pdfium.FPDFAnnot_GetFlags(&requests.FPDFAnnot_GetFlags{Annotation: annotation})
	const unseen = enums.FPDF_ANNOT_FLAG_HIDDEN | enums.FPDF_ANNOT_FLAG_NOVIEW
	if err != nil || flags.Flags&unseen != 0 {
		return ""
	}
	switch kind.Subtype {
	case enums.FPDF_ANNOT_SUBTYPE_LINK, enums.FPDF_ANNOT_SUBTYPE_POPUP, enums.FPDF_ANNOT_SUBTYPE_UNKNOWN:
		return ""
	case enums.FPDF_ANNOT_SUBTYPE_WIDGET:
		if f.has(annotation, "AP") {
			return ""
		}
		value := f.string(annotation, "V")
		if name := f.string(annotation, "TU") + f.string(annotation, "T"); name != "" && value != "" {
			return name + ": " + value
		}
		return value
	case enums.FPDF_ANNOT_SUBTYPE_FREETEXT:
		if f.has(annotation, "AP") {
			return ""
		}
		return f.string(annotation, "Contents")
	}
	text := strings.TrimSpace(f.string(annotation, "Contents"))
	if text == "" {
		return ""
	}
	return comment(f.string(annotation, "T"), text)
}

func (f *pdfFile) has(annotation references.FPDF_ANNOTATION, key string) bool {
	answer, err := f.pdfium.FPDFAnnot_HasKey(&requests.FPDFAnnot_HasKey{Annotation: annotation, Key: key})
	return err == nil && answer.HasKey
}

func (f *pdfFile) string(annotation references.FPDF_ANNOTATION, key string) string {
	answer, err := f.pdfium.FPDFAnnot_GetStringValue(&requests.FPDFAnnot_GetStringValue{Annotation: annotation, Key: key})
	if err != nil {
		return ""
	}
	return answer.Value
}

// flatten draws annotations and form fields into the page, where their text
// is found like any other.
func (p *pdfPage) flatten() error {
	if _, err := p.file.pdfium.FPDFPage_Flatten(&requests.FPDFPage_Flatten{Page: p.request(), Usage: requests.FPDFPage_FlattenUsageNormalDisplay}); err != nil {
		return err
	}
	return p.reload()
}
