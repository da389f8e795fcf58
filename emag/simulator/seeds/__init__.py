"""What the simulated marketplace knows from the beginning: places, categories, words for products.

Plain data and pure functions of a seed. Nothing here reads the world.
"""
