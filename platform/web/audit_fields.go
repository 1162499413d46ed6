package web

import "parley/platform/kernel/audit"

// Audit is the audit fields as the API shows them.
type Audit struct {
	CreatedBy  string `json:"created_by" doc:"E-mail address of who made it, or System."`
	CreatedOn  Time   `json:"created_on"`
	ModifiedBy string `json:"modified_by" doc:"E-mail address of who changed it last; empty when nobody did."`
	ModifiedOn Time   `json:"modified_on"`
}

// ShowAudit shows an entity's audit fields.
func ShowAudit(a audit.Audit) Audit {
	return Audit{CreatedBy: a.CreatedBy, CreatedOn: At(a.CreatedOn), ModifiedBy: a.ModifiedBy, ModifiedOn: At(a.ModifiedOn)}
}
