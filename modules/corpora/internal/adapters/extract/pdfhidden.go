package extract

import (
	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// hider takes text off a page that is no part of the document: furniture that
// is marked as such, and layers that are switched off.
type hider struct {
	file *pdfFile
	// off has the names of layers that are switched off, once asked for.
	off map[string]bool
}

const (
	// maxPageObjects is how many objects of a page are looked at.
	maxPageObjects = 200_000
	maxFormDepth   = 12
)

// hide removes what it finds and counts the pieces of furniture. With
// furniture false it removes only what layers hide.
func (h *hider) hide(p *pdfPage, furniture bool) (artifacts int) {
	left := maxPageObjects
	count, err := h.file.pdfium.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: p.request()})
	if err != nil {
		return 0
	}
	for i := count.Count - 1; i >= 0 && left > 0; i-- {
		left--
		object, err := h.file.pdfium.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: p.request(), Index: i})
		if err != nil {
			continue
		}
		switch h.judge(object.PageObject, furniture, &artifacts, &left, 0) {
		case removed:
			_, _ = h.file.pdfium.FPDFPage_RemoveObject(&requests.FPDFPage_RemoveObject{Page: p.request(), PageObject: object.PageObject})
		case kept:
		}
	}
	return artifacts
}

type verdict bool

const (
	kept    verdict = false
	removed verdict = true
)

// judge looks at an object, and into it when it is a form.
func (h *hider) judge(object references.FPDF_PAGEOBJECT, furniture bool, artifacts, left *int, depth int) verdict {
	kind, err := h.file.pdfium.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: object})
	if err != nil || kind.Type != enums.FPDF_PAGEOBJ_TEXT && kind.Type != enums.FPDF_PAGEOBJ_FORM {
		return kept
	}
	artifact, hidden := h.marks(object)
	if artifact {
		*artifacts++
	}
	if hidden || artifact && furniture {
		return removed
	}
	if kind.Type != enums.FPDF_PAGEOBJ_FORM || depth >= maxFormDepth {
		return kept
	}
	count, err := h.file.pdfium.FPDFFormObj_CountObjects(&requests.FPDFFormObj_CountObjects{PageObject: object})
	if err != nil {
		return kept
	}
	for i := count.Count - 1; i >= 0 && *left > 0; i-- {
		*left--
		inner, err := h.file.pdfium.FPDFFormObj_GetObject(&requests.FPDFFormObj_GetObject{PageObject: object, Index: uint64(i)})
		if err != nil {
			continue
		}
		if h.judge(inner.PageObject, furniture, artifacts, left, depth+1) == removed {
			_, _ = h.file.pdfium.FPDFFormObj_RemoveObject(&requests.FPDFFormObj_RemoveObject{PageObject: inner.PageObject, FormObject: object})
		}
	}
	return kept
}

// marks tells what the marked content around an object says about it.
func (h *hider) marks(object references.FPDF_PAGEOBJECT) (artifact, hidden bool) {
	count, err := h.file.pdfium.FPDFPageObj_CountMarks(&requests.FPDFPageObj_CountMarks{PageObject: object})
	if err != nil {
		return false, false
	}
	for i := range count.Count {
		mark, err := h.file.pdfium.FPDFPageObj_GetMark(&requests.FPDFPageObj_GetMark{PageObject: object, Index: uint64(i)})
		if err != nil {
			continue
		}
		name, err := h.file.pdfium.FPDFPageObjMark_GetName(&requests.FPDFPageObjMark_GetName{PageObjectMark: mark.Mark})
		if err != nil {
			continue
		}
		switch name.Name {
		case "Artifact":
			artifact = true
		case "OC":
			layer, err := h.file.pdfium.FPDFPageObjMark_GetParamStringValue(&requests.FPDFPageObjMark_GetParamStringValue{PageObjectMark: mark.Mark, Key: "Name"})
			hidden = hidden || err == nil && h.isOff(layer.Value)
		}
	}
	return artifact, hidden
}

// isOff reads the state of layers when it is first asked for.
func (h *hider) isOff(layer string) bool {
	if h.off == nil {
		h.off = h.file.objects().layersOff()
	}
	return h.off[layerKey(layer)]
}
