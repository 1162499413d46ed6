package core

import (
	"fmt"
	"slices"
	"strings"
)

// knownModel checks that the server is configured with a model. An empty name
// stands for the default one.
func (s *Service) knownModel(name *string) error {
	switch {
	case name == nil || *name == "" || slices.Contains(s.Models, *name):
		return nil
	case len(s.Models) == 0:
		return ErrUnknownModel.WithField("llm_model", "no model is configured, so leave it out")
	}
	return ErrUnknownModel.WithField("llm_model", fmt.Sprintf("%q is none of %s", *name, strings.Join(s.Models, ", ")))
}
