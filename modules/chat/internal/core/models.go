package core

import (
	"fmt"
	"strings"

	"parley/modules/chat"
	"parley/platform/kernel/money"
)

// Offer is a model that answers may come from. Its name is that of its Model.
type Offer struct {
	Model Model
	// ContextSize is how many tokens a prompt and its answer may have together,
	// and MaxOutput how many an answer alone; 0 when it is not known.
	ContextSize, MaxOutput int64
	Prices                 *Prices // nil when they are not known
	Fallback               string  // name of the model that answers when this one fails; "" for none
	// Offline is of the answerer that needs no model. It costs nothing, and no
	// request chooses it by name.
	Offline bool
}

// Prices are of a million tokens.
type Prices struct{ Input, CachedInput, Output, Reasoning money.PerMillion }

// Models are those there are, the default one first.
type Models []Offer

// named answers the model with a name.
func (m Models) named(name string) (Offer, bool) {
	for _, o := range m {
		if o.Model.Name() == name {
			return o, true
		}
	}
	return Offer{}, false
}

// choose answers the model that a question asks for, else that of the agent,
// else the default. It answers ErrUnknownModel, which names those there are.
func (m Models) choose(asked, ofAgent string) (Offer, error) {
	first := m[0]
	switch {
	case asked != "":
		if o, ok := m.named(asked); ok && !o.Offline {
			return o, nil
		}
		return Offer{}, ErrUnknownModel.WithField("model", m.instead(asked))
	case ofAgent != "" && !first.Offline: // without models, the agent's has no effect
		if o, ok := m.named(ofAgent); ok {
			return o, nil
		}
		return Offer{}, ErrUnknownModel.WithField("llm_model", m.instead(ofAgent)+"; an admin of the agent must choose another")
	}
	return first, nil
}

// instead says which models there are in place of an unknown one.
func (m Models) instead(unknown string) string {
	if m[0].Offline {
		return "no model is configured, so leave it out"
	}
	names := make([]string, len(m))
	for i, o := range m {
		names[i] = o.Model.Name()
	}
	return fmt.Sprintf("%q is none of %s", unknown, strings.Join(names, ", "))
}

// Where the cost of a ledger row comes from.
const (
	costOfPrices = "prices" // the configured prices of the model
	costUnknown  = "none"   // the model has no prices: the cost is 0 because nobody knows it
	costFree     = "free"   // no model was called
)

// noCost is the cost of a run that has used nothing yet.
const noCost = "0"

// charge puts the cost into a ledger row.
func (o Offer) charge(u *chat.Usage) {
	var cost money.Amount
	switch p := o.Prices; {
	case o.Offline:
		u.CostSource = costFree
	case p == nil:
		u.CostSource = costUnknown
	default:
		u.CostSource = costOfPrices
		cost = p.Input.Of(u.FreshInput).Plus(p.CachedInput.Of(u.CachedInput)).Plus(p.Output.Of(u.Output)).Plus(p.Reasoning.Of(u.Reasoning))
	}
	u.Cost, u.CostNano = cost.String(), cost.Nano
}
