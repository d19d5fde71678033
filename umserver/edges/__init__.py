"""The right wing: adapters, everything that touches the world.

Purpose: each package here gives one helper of `umserver.interfaces` a body: the network, stores,
mail, speech, web, administration. Border: siblings never import each other and never see a call
script; they meet the rest of the house only through `umserver.interfaces` and the values of
`umserver.org`. Why so: an adapter can then be replaced, or run in memory for a test, without
anybody else noticing.
"""
