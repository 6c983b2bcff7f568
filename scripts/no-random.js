// Stands in for "crypto", of which tweetnacl takes random numbers for what nobody here calls. A require that is left in
// the bundle would bring a name along that clashes with those of other bundles.
export {};
