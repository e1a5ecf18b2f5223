"""What is wrong, or could be better, in a provider: rules on its facts, and on StackQL's documents as they are.

    finding     a rule, and a finding of it
    facts       rules on what a provider is in SQL, whichever way it came about
    documents   rules on the text of StackQL's documents
    run         a provider or a whole registry, every rule

Most rules are defects of published documents. Which rule stands for which: `docs/how-to/check-a-provider.md`.
"""
