"""The first screen: slide sparsity, codebook bits and noise, and see what each bit buys."""
