// Package agents owns agents, their types and instructions, who may use them,
// and each user's recent and starred ones.
package agents
