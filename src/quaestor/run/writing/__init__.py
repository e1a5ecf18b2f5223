"""Statements that write: `writer` plans and checks them whole, `mutate` carries them out row by row, `sending`
makes and reads a call, `journal` knows of each before it is sent, `resume` goes on, `transaction` lets them wait
for COMMIT.
"""
